"""Providers that fail without a proper error: odd bodies, broken successes, no answer at all.

Contract: https://docs.litellm.ai/docs/proxy/error_reference
"""

import pytest

from harness.cases.errors import (
    SERVER_ERROR,
    STALLED,
    UNAVAILABLE,
    expect_envelope,
    expect_error,
    internals,
)
from harness.cases.marks import both_modes, deployment, dialects, requirement
from harness.upstream.script import fails, says
from harness.verdicts import Wire
from harness.wire.expect import Like, require

pytestmark = dialects()

PLAIN = "text/plain"
ODD = {
    "empty": (b"", "application/json"),
    "html": (b"<html><body><h1>Bad Gateway</h1></body></html>", "text/html"),
    "text": (b"upstream connect error", PLAIN),
    "list": (b'[{"error":"no"}]', "application/json"),
    "string": (b'"no"', "application/json"),
    "null": (b"null", "application/json"),
    "number": (b"17", "application/json"),
    "nested": (b'{"error":{"error":{"message":{"deep":"no"}}}}', "application/json"),
    "error-text": (b'{"error":"no"}', "application/json"),
    "detail": (b'{"detail":[{"loc":["body"],"msg":"no"}]}', "application/json"),
    "truncated": (b'{"error":{"mess', "application/json"),
    "not-utf8": (b"\xff\xfe no \x00", "application/json"),
    "json-as-text": (b'{"error":{"message":"no","type":"x"}}', PLAIN),
    "long": (b'{"error":{"message":"' + b"no " * 3_000 + b'"}}', "application/json"),
}
NO_ANSWER = {
    "html": (b"<html>It works!</html>", "text/html"),
    "empty": (b"", "application/json"),
    "truncated": (b'{"id":"x","choices":[{"ind', "application/json"),
    "list": (b"[]", "application/json"),
    "null": (b"null", "application/json"),
    "no-fields": (b"{}", "application/json"),
    "error": (b'{"error":{"message":"no","type":"server_error"}}', "application/json"),
}
FAULTS = {
    "reset": says().resets(0),
    "cut": says().cut(0),
}
IMPATIENT = {"timeout": 0.3}
PATIENCE = 5.0  # seconds without a byte: a proxy that hangs on a provider's fault is wrong anyway
LATE = 1.5  # seconds: long after the deployment's timeout, and short enough for the suite


def ask(case):
    """A chat request that does not wait long."""
    return case.send("POST", "/v1/chat/completions", case.body(), timeout=PATIENCE)


@both_modes()
@requirement("chat.error.odd-body")
@pytest.mark.parametrize("body", ODD)
def test_an_odd_body_stays_an_error(case, body):
    content, kind = ODD[body]
    case.upstream.will(fails(503, body=content, content_type=kind))
    answer = ask(case)
    expect_error(answer, 503)
    expect_envelope(answer)


@requirement("chat.error.no-answer")
@pytest.mark.parametrize("stream", [False], ids=["json"])
@pytest.mark.parametrize("body", NO_ANSWER)
def test_a_success_without_an_answer_is_a_server_error(case, body):
    content, kind = NO_ANSWER[body]
    case.upstream.will(fails(200, body=content, content_type=kind))
    answer = ask(case)
    expect_error(answer, SERVER_ERROR)
    expect_envelope(answer)


@requirement("chat.error.no-stream")
@pytest.mark.parametrize("stream", [True], ids=["stream"])
@pytest.mark.parametrize("body", NO_ANSWER)
def test_a_success_without_a_stream_does_not_end_normally(case, body):
    content, kind = NO_ANSWER[body]
    case.upstream.will(fails(200, body=content, content_type=kind))
    answer = ask(case)
    require(
        Wire.CLIENT,
        {
            "ended normally": (False, answer.ended_normally),
            "end": (Like("any end", lambda seen: seen != STALLED), answer.response.broken),
        },
    )


@both_modes()
@requirement("chat.error.refused")
@deployment(listens=False)
def test_a_refused_connection_is_a_server_error(case):
    answer = ask(case)
    expect_error(answer, SERVER_ERROR)
    expect_envelope(answer)


@both_modes()
@requirement("chat.error.hung-up")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_provider_that_hangs_up_is_a_server_error(case, fault):
    case.upstream.always(lambda _: FAULTS[fault])  # a proxy may try a fresh connection once more
    answer = ask(case)
    expect_error(answer, SERVER_ERROR)
    expect_envelope(answer)


@both_modes()
@requirement("chat.error.timeout")
@deployment(params=IMPATIENT)
def test_a_provider_that_is_too_slow_is_an_error(case):
    case.upstream.will(says().delayed(LATE))
    answer = ask(case)
    expect_error(answer, UNAVAILABLE)
    expect_envelope(answer)


@both_modes()
@requirement("chat.error.no-internals")
@pytest.mark.parametrize("body", NO_ANSWER)
def test_a_broken_answer_gives_no_internals_away(case, body):
    content, kind = NO_ANSWER[body]
    case.upstream.will(fails(200, body=content, content_type=kind))
    require(Wire.CLIENT, {"internals": ([], internals(ask(case)))})


@both_modes()
@requirement("chat.error.no-internals")
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_an_error_gives_no_internals_away(case, status):
    case.upstream.will(fails(status))
    require(Wire.CLIENT, {"internals": ([], internals(ask(case)))})


@both_modes()
@requirement("chat.error.no-internals")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_hang_up_gives_no_internals_away(case, fault):
    case.upstream.always(lambda _: FAULTS[fault])
    require(Wire.CLIENT, {"internals": ([], internals(ask(case)))})


@both_modes()
@requirement("chat.error.no-internals")
@deployment(listens=False)
def test_a_refused_connection_gives_no_internals_away(case):
    require(Wire.CLIENT, {"internals": ([], internals(ask(case)))})


@both_modes()
@requirement("chat.error.no-address")
@deployment(listens=False)
def test_a_refused_connection_gives_no_address_away(case):
    require(Wire.CLIENT, {"provider's address": ([], addresses(case))})


@both_modes()
@requirement("chat.error.no-address")
@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_error_gives_no_address_away(case, status):
    case.upstream.will(fails(status))
    require(Wire.CLIENT, {"provider's address": ([], addresses(case))})


def addresses(case):
    """The parts of the provider's address that the answer to one request gives away."""
    answer = ask(case)
    documented = "x-litellm-model-api-base"  # LiteLLM's own header, which is there to name it
    lines = [value for name, value in answer.headers.lines if name.lower() != documented]
    return case.upstream.is_named_in(
        "\n".join([answer.response.body.decode("utf-8", "replace"), *lines])
    )
