"""Who may ask: keys that are missing, wrong or malformed, and the legal ways to send a right one.

Contract: https://docs.litellm.ai/docs/proxy/api_key_auth, RFC 9110 section 11 and RFC 6750. That
nothing reaches the provider is checked after each case, since it scripts no answer.
"""

import pytest

from harness.cases.errors import (
    error_field,
    expect_envelope,
    expect_error,
    internals,
    says_none,
    type_for,
)
from harness.cases.marks import both_modes, requirement
from harness.upstream.script import says
from harness.verdicts import Wire
from harness.wire.expect import NOT_EMPTY, require

WRONG_KEY = "sk-conformance-wrong-key-0123456789"
ABSENT_KEYS = {
    "no-header": {},
    "no-scheme": {"Authorization": "{key}"},
    "no-key": {"Authorization": "Bearer"},
    "other-scheme": {"Authorization": "Token {key}"},
    "in-the-query": {"?": "api_key={key}"},
}
WRONG_KEYS = {
    "wrong": {"Authorization": f"Bearer {WRONG_KEY}"},
    "no-sk": {"Authorization": "Bearer hello"},
    "cut-short": {"Authorization": "Bearer {cut}"},
    "too-long": {"Authorization": "Bearer {key}x"},
    "other-case": {"Authorization": "Bearer {swapped}"},
    "list": {"Authorization": f"Bearer {WRONG_KEY}, Bearer {{key}}"},
    "very-long": {"Authorization": "Bearer sk-" + "x" * 8000},
    "basic": {"Authorization": "Basic c2stY29uZm9ybWFuY2U6d3Jvbmc="},
    "x-api-key": {"x-api-key": WRONG_KEY},
    "x-litellm-api-key": {"x-litellm-api-key": f"Bearer {WRONG_KEY}"},
}
ALL_KEYS = {**ABSENT_KEYS, **WRONG_KEYS}
ROUTES = pytest.mark.parametrize(
    ("route", "stream"),
    [("chat", False), ("chat", True), ("models", False)],
    ids=["chat-json", "chat-stream", "models"],
)


def send(case, route, lines):
    """One request with exactly these header lines for its authentication."""
    key = case.endpoint.key
    words = {"key": key, "cut": key[:-1], "swapped": key.swapcase()}
    sent = {"Authorization": "", **{name: line.format(**words) for name, line in lines.items()}}
    query = "?" + sent.pop("?") if "?" in sent else ""
    if route == "models":
        return case.send("GET", "/v1/models" + query, None, sent)
    return case.send("POST", "/v1/chat/completions" + query, case.body(), sent)


@requirement("chat.auth.missing")
@ROUTES
@pytest.mark.parametrize("lines", ABSENT_KEYS)
def test_a_missing_or_malformed_key_is_401(case, route, lines):
    answer = send(case, route, ABSENT_KEYS[lines])
    expect_error(answer, 401)
    expect_envelope(answer)


@requirement("chat.auth.wrong")
@ROUTES
@pytest.mark.parametrize("lines", WRONG_KEYS)
def test_a_wrong_key_is_401(case, route, lines):
    expect_error(send(case, route, WRONG_KEYS[lines]), 401)


@requirement("chat.auth.refused")
@ROUTES
@pytest.mark.parametrize("lines", WRONG_KEYS)
def test_a_wrong_key_gets_nothing_but_an_error(case, route, lines):
    answer = send(case, route, WRONG_KEYS[lines])
    expect_error(answer)
    expect_envelope(answer)


@requirement("chat.auth.type")
@ROUTES
@pytest.mark.parametrize("lines", ["no-header", "no-scheme"])
def test_type_and_code_say_that_it_is_the_key(case, route, lines):
    answer = send(case, route, ABSENT_KEYS[lines])
    type_ = error_field(answer, "type")
    require(
        Wire.CLIENT, {"type": (type_for(401), type_), "code": ("401", error_field(answer, "code"))}
    )


@requirement("chat.auth.no-literal-none")
@ROUTES
def test_a_refusal_does_not_say_none(case, route):
    answers = {name: send(case, route, lines) for name, lines in ALL_KEYS.items()}
    require(
        Wire.CLIENT,
        {f"fields that say 'None', {n}": ([], says_none(a)) for n, a in answers.items()},
    )


@requirement("chat.auth.no-echo")
@ROUTES
@pytest.mark.parametrize("lines", ["wrong", "x-api-key"])
def test_a_wrong_key_is_not_echoed(case, route, lines):
    answer = send(case, route, WRONG_KEYS[lines])
    text = answer.response.body.decode() + str(answer.headers.lines)
    require(Wire.CLIENT, {"wrong key in the answer": (False, WRONG_KEY in text)})


@requirement("chat.auth.no-internals")
@ROUTES
def test_a_refusal_gives_no_internals_away(case, route):
    answers = {name: send(case, route, lines) for name, lines in ALL_KEYS.items()}
    require(Wire.CLIENT, {f"internals, {n}": ([], internals(a)) for n, a in answers.items()})


@requirement("chat.auth.challenge")
@ROUTES
def test_a_401_says_how_to_authenticate(case, route):
    send(case, route, {}).response.expect_headers({"www-authenticate": NOT_EMPTY})


@requirement("chat.auth.before-body")
@pytest.mark.parametrize("body", [{"model": "no-such-model"}, {}], ids=["unknown-model", "empty"])
def test_the_key_is_looked_at_before_the_fields(case, body):
    expect_error(case.send("POST", "/v1/chat/completions", body, {"Authorization": ""}), 401)


@requirement("chat.auth.before-json")
@pytest.mark.parametrize("body", [b"{", b"[]"], ids=["cut-short", "list"])
def test_the_key_is_looked_at_before_the_syntax(case, body):
    lines = {"Authorization": "", "Connection": "close"}
    expect_error(case.send("POST", "/v1/chat/completions", body, lines), 401)


@requirement("chat.auth.bearer")
@both_modes()
def test_the_right_key_is_let_in(case):
    case.upstream.will(says("Welcome."))
    send(case, "chat", {"Authorization": "Bearer {key}"}).expect(text="Welcome.")


@requirement("chat.auth.header-case")
@pytest.mark.parametrize("name", ["authorization", "AUTHORIZATION"])
def test_the_headers_name_may_be_in_any_case(case, name):
    case.upstream.will(says("Welcome."))
    send(case, "chat", {name: "Bearer {key}"}).expect(text="Welcome.")


@requirement("chat.auth.scheme-case")
@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_may_be_in_any_case(case, scheme):
    expect_welcome(send(case, "models", {"Authorization": scheme + " {key}"}))


@requirement("chat.auth.litellm-header")
def test_the_key_may_come_in_litellms_own_header(case):
    expect_welcome(send(case, "models", {"x-litellm-api-key": "Bearer {key}"}))


def expect_welcome(answer):
    """The list of models, and no error."""
    require(Wire.CLIENT, {"status": (200, answer.status)})
    answer.expect_json({"object": "list"})
