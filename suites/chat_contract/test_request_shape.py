"""The request as a whole: URL, headers, and nothing in the body that nobody asked for.

The provider's side of https://docs.litellm.ai/docs/proxy/configs and of each provider's API.
"""

import json

import pytest

from harness.cases.heard import body, expect_conversation, expect_settings
from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import says
from harness.verdicts import Wire
from harness.wire.expect import ABSENT, Like, absent_or, matches, require

pytestmark = [dialects(), both_modes()]

HELLO = [{"role": "user", "content": "Hello"}]
MODEL = {"openai": "gpt-4o", "anthropic": "claude-opus-4-6", "gemini": "gemini-2.5-pro"}
KEY_HEADERS = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key"}
PATH = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
GEMINI_PATH = {False: "generateContent", True: "streamGenerateContent?alt=sse"}
FULL = {"temperature": 0.25, "top_p": 0.5, "max_tokens": 17, "stop": ["END"], "user": "user-7"}
FULL_ARRIVES = {
    "openai": FULL,
    "anthropic": {
        "temperature": 0.25,
        "top_p": 0.5,
        "max_tokens": 17,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "user-7"},
    },
    "gemini": {
        "generationConfig": {
            "temperature": 0.25,
            "topP": 0.5,
            "maxOutputTokens": 17,
            "stopSequences": ["END"],
        }
    },
}


@requirement("chat.request.minimal")
def test_minimal_request_has_nothing_that_the_client_did_not_send(case):
    case.upstream.will(says())
    case.ask(HELLO)
    keys = {
        "openai": ["messages", "model"],
        "anthropic": ["max_tokens", "messages", "model"],
        "gemini": ["contents"],
    }[case.dialect]
    # Gemini has its stream in the path. Of OpenAI's, LiteLLM may ask for the usage.
    streamed = ["stream"] if case.stream and case.dialect != "gemini" else []
    seen = sorted(k for k, v in body(case).items() if (k, v) != ("stream", False))
    require(
        Wire.UPSTREAM,
        {"keys of the body": (sorted(keys + streamed), [k for k in seen if k != "stream_options"])},
    )
    expect_settings(case, {})
    expect_conversation(case, HELLO)


@requirement("chat.request.full")
def test_full_request_has_nothing_that_the_client_did_not_send(case):
    case.upstream.will(says())
    sent = {k: v for k, v in FULL.items() if k != "user" or case.dialect != "gemini"}
    case.ask(HELLO, **sent)
    expect_settings(case, FULL_ARRIVES[case.dialect])
    expect_conversation(case, HELLO)


@requirement("chat.request.stream-flag")
@pytest.mark.parametrize("explicit", [False, True], ids=["left-out", "false"])
def test_the_provider_streams_exactly_when_the_client_asked(case, explicit):
    case.upstream.will(says())
    case.ask(HELLO, **({"stream": case.stream} if explicit or case.stream else {}))
    if case.dialect == "gemini":
        seen, wanted = case.upstream.request.target, f":{GEMINI_PATH[case.stream]}"
        require(Wire.UPSTREAM, {"path": (Like(f"… {wanted}", lambda p: p.endswith(wanted)), seen)})
    else:
        wanted = True if case.stream else absent_or(False)
        case.upstream.request.expect({"stream": wanted})


@requirement("chat.request.model")
def test_the_provider_is_asked_for_its_own_model_and_never_for_the_alias(case):
    case.upstream.will(says())
    case.ask(HELLO)
    request, alias = case.upstream.request, case.model
    if case.dialect == "gemini":
        named = request.target.partition("/models/")[2].partition(":")[0]
        require(Wire.UPSTREAM, {"model in the path": (MODEL["gemini"], named)})
    else:
        request.expect({"model": MODEL[case.dialect]})
    rest = [json.dumps(request.json), *(value for _, value in request.headers.lines)]
    require(Wire.UPSTREAM, {"alias in body or headers": (False, any(alias in r for r in rest))})


@requirement("chat.request.route")
def test_the_provider_is_asked_at_its_own_route(case):
    case.upstream.will(says())
    case.ask(HELLO)
    path = PATH.get(case.dialect) or f"/v1beta/models/{MODEL['gemini']}:{GEMINI_PATH[case.stream]}"
    request = case.upstream.request
    place = "/" + request.target.split("/", 3)[3]
    require(Wire.UPSTREAM, {"method": ("POST", request.method), "path": (path, place)})


@requirement("chat.request.headers")
def test_the_provider_gets_json_and_the_deployments_key_in_one_place(case):
    case.upstream.will(says())
    case.ask(HELLO)
    key = case.upstream.key
    request, own = case.upstream.request, KEY_HEADERS[case.dialect]
    content_type = matches(r"application/json(; *charset=utf-8)?")
    request.expect_headers({"content-type": content_type})
    places = sorted(name.lower() for name, value in request.headers.lines if key in value)
    require(Wire.UPSTREAM, {"headers with the key": ([own], places)})
    others = {name: ABSENT for name in KEY_HEADERS.values() if name != own}
    request.expect_headers({**others, **extra_headers(case.dialect)})
    require(Wire.UPSTREAM, {"key in the URL": (False, key in request.target)})


def extra_headers(dialect):
    """Anthropic's API needs its version with each request."""
    is_date = matches(r"\d{4}-\d\d-\d\d")
    return {"anthropic-version": is_date} if dialect == "anthropic" else {}


@requirement("chat.request.client-headers")
def test_the_clients_own_headers_stay_at_the_proxy(case):
    case.upstream.will(says())
    private = {
        "Cookie": "session=1",
        "X-Client-Secret": "1",
        "X-Forwarded-For": "10.0.0.1",
        "OpenAI-Organization": "org-1",
        "User-Agent": "client/1",
    }
    case.ask(HELLO, headers=private)
    names = ["cookie", "x-client-secret", "x-forwarded-for", "openai-organization"]
    not_the_clients = Like("not the client's", lambda seen: seen != "client/1")
    case.upstream.request.expect_headers(
        {**dict.fromkeys(names, ABSENT), "user-agent": not_the_clients}
    )
