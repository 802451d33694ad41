"""Requests that are wrong: each is refused with a clear error, costs the provider nothing, and
leaves the proxy at work.

Contract: https://docs.litellm.ai/docs/proxy/error_reference ("a malformed body") and
https://platform.openai.com/docs/guides/error-codes. That nothing reaches the provider is checked
after each case, since it scripts no answer.
"""

import json

import pytest

from harness.cases.errors import (
    CLIENT_ERROR,
    expect_envelope,
    expect_error,
    internals,
    says_none,
)
from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import fails, says
from harness.verdicts import Wire
from harness.wire.expect import ABSENT, Like, contains, require

CHAT = "/v1/chat/completions"
# A proxy may close the connection after an error, without saying so; a fresh one for each.
CLOSE = {"Connection": "close"}
NOT_JSON = {
    "cut-short": b'{"model": "x", "messages": [',
    "words": b"Hello there",
    "single-quotes": b"{'model': 'x'}",
    "not-utf8": b'{"model": "\xff\xfe", "messages": []}',
    "two-documents": b"{}{}",
    "trailing-comma": b'{"model": "x",}',
}
NO_OBJECT = {
    "list": b"[]",
    "list-of-objects": b'[{"model": "x"}]',
    "string": b'"Hello"',
    "null": b"null",
    "number": b"7",
    "true": b"true",
}
WRONG = {
    "messages-text": {"messages": "Hello"},
    "messages-number": {"messages": 7},
    "messages-object": {"messages": {"role": "user"}},
    "messages-empty": {"messages": []},
    "messages-of-text": {"messages": ["Hello"]},
    "messages-of-null": {"messages": [None]},
    "message-empty": {"messages": [{}]},
    "role-unknown": {"messages": [{"role": "boss", "content": "Hello"}]},
    "role-number": {"messages": [{"role": 7, "content": "Hello"}]},
    "role-missing": {"messages": [{"content": "Hello"}]},
    "content-number": {"messages": [{"role": "user", "content": 7}]},
    "content-of-numbers": {"messages": [{"role": "user", "content": [7]}]},
    "content-part-unknown": {"messages": [{"role": "user", "content": [{"type": "smell"}]}]},
    "temperature-text": {"temperature": "hot"},
    "temperature-list": {"temperature": []},
    "top-p-text": {"top_p": "most"},
    "max-tokens-text": {"max_tokens": "many"},
    "n-text": {"n": "two"},
    "stop-number": {"stop": 7},
    "stream-text": {"stream": "yes"},
    "tools-text": {"tools": "hammer"},
    "tools-of-numbers": {"tools": [7]},
    "tool-empty": {"tools": [{}]},
    "tool-without-function": {"tools": [{"type": "function"}]},
    "tool-choice-number": {"tool_choice": 7},
    "response-format-text": {"response_format": "json"},
}


@requirement("chat.error.invalid-json")
@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_not_json_is_refused(case, body):
    answer = case.send("POST", CHAT, NOT_JSON[body], CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.error.invalid-json-param")
@pytest.mark.parametrize("body", ["cut-short", "words"])
def test_what_is_not_json_is_blamed_on_the_body(case, body):
    answer = case.send("POST", CHAT, NOT_JSON[body], CLOSE)
    answer.expect_json({"error.param": "request_body", "error.type": "invalid_request_error"})


@requirement("chat.error.not-a-number")
def test_a_number_that_json_does_not_have_is_refused(case):
    body = json.dumps(case.body(temperature=float("nan"))).encode()
    answer = case.send("POST", CHAT, body, CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.error.empty-body")
def test_an_empty_body_is_refused(case):
    answer = case.send("POST", CHAT, b"", CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.error.no-object")
@pytest.mark.parametrize("body", NO_OBJECT)
def test_json_that_is_no_object_is_refused(case, body):
    answer = case.send("POST", CHAT, NO_OBJECT[body], CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.error.deep-json")
@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_json_that_is_too_deep_is_refused(case, depth):
    nested = b"[" * depth + b"]" * depth
    body = b'{"model":"%s","messages":%s}' % (case.model.encode(), nested)
    answer = case.send("POST", CHAT, body, CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.error.missing-messages")
@both_modes()
@dialects()
@pytest.mark.parametrize("null", [False, True], ids=["missing", "null"])
def test_a_request_without_messages_is_refused(case, null):
    body = {**case.body(), "messages": None}
    if not null:
        del body["messages"]
    answer = case.send("POST", CHAT, body, CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)
    answer.expect_json({"error.param": "messages", "error.type": "invalid_request_error"})


@requirement("chat.error.unknown-model")
@both_modes()
def test_an_unknown_model_is_refused_and_named(case):
    answer = case.ask(model="no-such-model", headers=CLOSE)
    expect_error(answer, Like("400 or 404", lambda seen: seen in (400, 404)))
    expect_envelope(answer)
    answer.expect_json({"error.message": contains("no-such-model")})


@requirement("chat.error.unknown-model-param")
@both_modes()
def test_an_unknown_model_is_blamed_on_the_model(case):
    case.ask(model="no-such-model", headers=CLOSE).expect_json({"error.param": "model"})


@requirement("chat.error.bad-model")
@both_modes()
@pytest.mark.parametrize("model", [ABSENT, None, "", 7, [], {}], ids=repr)
def test_a_model_that_is_none_is_refused(case, model):
    body = {key: value for key, value in case.body(model=model).items() if value is not ABSENT}
    answer = case.send("POST", CHAT, body, CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.error.wrong-type")
@dialects()
@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_value_is_the_clients_error(case, field):
    case.upstream.always(lambda _: fails(400, "The scripted provider refuses."))
    answer = case.send("POST", CHAT, {**case.body(), **WRONG[field]}, CLOSE)
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.error.bad-request-internals")
def test_a_refusal_gives_no_internals_away(case):
    bodies = {**NOT_JSON, **NO_OBJECT}
    answers = {name: case.send("POST", CHAT, body, CLOSE) for name, body in bodies.items()}
    require(Wire.CLIENT, {f"internals, {n}": ([], internals(a)) for n, a in answers.items()})


@requirement("chat.error.bad-request-none")
def test_a_refusal_does_not_say_none(case):
    body = case.body()
    del body["messages"]
    answers = {
        "invalid JSON": case.send("POST", CHAT, NOT_JSON["words"], CLOSE),
        "missing messages": case.send("POST", CHAT, body, CLOSE),
        "unknown model": case.ask(model="no-such-model", headers=CLOSE),
    }
    require(
        Wire.CLIENT,
        {f"fields that say 'None', {n}": ([], says_none(a)) for n, a in answers.items()},
    )


@requirement("chat.error.survives")
def test_the_proxy_serves_on_after_bad_requests(case):
    for body in {**NOT_JSON, **NO_OBJECT}.values():
        case.send("POST", CHAT, body, CLOSE)
    case.upstream.will(says("Still here."))
    case.ask().expect(text="Still here.")


@requirement("chat.error.legal-json")
@both_modes()
@pytest.mark.parametrize(
    "change",
    [
        lambda body: b" \r\n\t" + body + b"\n",
        lambda body: body.replace(b'"model"', b'"\\u006dodel"'),
        lambda body: body.replace(b'"Hello"', b'"\\ud83e\\udd9c \\u0041"'),
        lambda body: json.dumps(dict(reversed(json.loads(body).items())), indent=2).encode(),
    ],
    ids=["white-space", "escaped-key", "escaped-text", "indented"],
)
def test_any_spelling_of_json_is_understood(case, change):
    case.upstream.will(says("Understood."))
    body = change(json.dumps(case.body()).encode())
    require(Wire.CLIENT, {"status": (200, case.send("POST", CHAT, body).status)})
    case.upstream.request.expect({"messages": json.loads(body)["messages"]})


@requirement("chat.error.media-type")
@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
def test_parameters_of_the_media_type_do_not_matter(case, kind):
    case.upstream.will(says("Understood."))
    case.ask(headers={"Content-Type": kind}).expect(text="Understood.")


@requirement("chat.error.form")
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_is_refused(case, kind):
    answer = case.send("POST", CHAT, b"Hello there", {**CLOSE, "Content-Type": kind})
    expect_error(answer, CLIENT_ERROR)
    expect_envelope(answer)


@requirement("chat.routes.without-v1")
@both_modes()
def test_chat_answers_without_v1_as_well(case):
    case.upstream.will(says("One"), says("One"))
    for path in ("/chat/completions", CHAT):
        case.send("POST", path, case.body()).expect(text="One", finish_reason="stop")


@requirement("chat.routes.method")
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused(case, method):
    expect_error(case.send(method, CHAT, None, CLOSE), 405)


@requirement("chat.routes.allow")
def test_a_refused_method_is_told_the_right_one(case):
    case.send("GET", CHAT, None, CLOSE).response.expect_headers({"allow": contains("POST")})


@requirement("chat.routes.unknown")
@pytest.mark.parametrize("path", ["/v1/chat", "/v1/chat/completion", "/v2/chat/completions"])
def test_an_unknown_route_is_not_found(case, path):
    expect_error(case.send("POST", path, case.body(), CLOSE), 404)


@requirement("chat.routes.envelope")
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/chat"), ("GET", CHAT)])
def test_a_wrong_route_or_method_has_openais_envelope(case, method, path):
    expect_envelope(case.send(method, path, case.body(), CLOSE))
