"""Providers that fail a stream, before its first byte or in its middle: the client must see it.

Once a stream has begun its status cannot change, so the failure is an error event or a broken
connection, and nothing that reads like a normal end. Official SDKs raise on `{"error": ...}`:
https://github.com/openai/openai-python/blob/main/src/openai/_streaming.py
"""

import pytest

from harness.cases.errors import (
    SERVER_ERROR,
    UNAVAILABLE,
    expect_envelope,
    expect_error,
    internals,
)
from harness.cases.marks import deployment, dialects, last, requirement, streamed
from harness.cases.streams import expect_failure, expect_whole_or_failure
from harness.upstream.dialects.base import Asked
from harness.upstream.dialects.registry import DIALECTS
from harness.upstream.script import Gate, ToolCall, calls, fails, says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import NOT_EMPTY, require

pytestmark = streamed()

PIECES = ("one ", "two ", "three ")
TEXT = "".join(PIECES)
HTML = b"<html><body><h1>Please log in</h1></body></html>"


def broken(case, how, *, patience=10.0):
    """The answer to a stream that breaks after its first piece has reached the client."""
    gate = Gate()
    case.upstream.will(how(says(pieces=PIECES).held(gate, before=1)))
    with case.streaming(patience=patience) as stream:
        stream.until(PIECES[0])
        gate.open()
        return stream.finish()


MIDDLE = {
    "cut": lambda answer: answer.cut(after=1),
    "reset": lambda answer: answer.resets(after=1),
    "error-event": lambda answer: answer.error_event(after=1),
}
middles = pytest.mark.parametrize("fault", MIDDLE)
START = {
    "cut": lambda answer: answer.cut(after=0),
    "reset": lambda answer: answer.resets(after=0),
    "error-event": lambda answer: answer.error_event(after=0),
}


@requirement("chat.stream.fault-connection")
@dialects()
@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_a_broken_connection_is_seen(case, fault):
    expect_failure(broken(case, MIDDLE[fault]), so_far=PIECES[0])


@requirement("chat.stream.fault-error-event")
@dialects()
def test_a_providers_error_event_is_seen(case):
    expect_failure(broken(case, MIDDLE["error-event"]), so_far=PIECES[0])


@requirement("chat.stream.fault-error-event")
@pytest.mark.parametrize("after", [0, 1], ids=["first", "later"])
def test_an_error_event_is_seen_even_if_done_follows(case, after):
    error = b'data: {"error":{"message":"No.","type":"server_error","param":null,"code":500}}\n\n'
    case.upstream.will(
        says(pieces=PIECES).edited(lambda all_: [*all_[: 2 * after], error, b"data: [DONE]\n\n"])
    )
    expect_failure(case.ask())


@requirement("chat.stream.fault-malformed")
@last()
@dialects()
def test_an_event_that_is_no_json_is_seen(case):
    expect_failure(broken(case, lambda answer: answer.malformed(after=1)), so_far=PIECES[0])


@requirement("chat.stream.fault-malformed")
@last()
@dialects()
def test_a_first_event_that_is_no_json_is_seen(case):
    case.upstream.will(says(pieces=PIECES).malformed(after=0))
    expect_failure(case.ask())


@requirement("chat.stream.fault-unfinished")
@dialects()
def test_a_stream_without_a_finish_reason_is_no_normal_end(case):
    expect_failure(broken(case, lambda answer: answer.ends(after=1)), so_far=PIECES[0])


@requirement("chat.stream.fault-unfinished")
@dialects("openai", "anthropic")
def test_a_tool_call_that_breaks_off_is_no_normal_end(case):
    case.upstream.will(calls(ToolCall("delete", '{"path":"/home/you/old"}')).ends(after=3))
    expect_failure(case.ask())


@requirement("chat.stream.fault-nothing")
@dialects()
def test_a_stream_of_nothing_is_no_normal_end(case):
    case.upstream.will(says().edited(lambda _: []))
    expect_failure(case.ask())


@requirement("chat.stream.fault-end-mark")
@dialects("openai", "anthropic")
def test_a_stream_that_lacks_only_its_end_mark_loses_nothing(case):
    case.upstream.will(says(pieces=PIECES).without_terminator())
    expect_whole_or_failure(case.ask(), TEXT)


@requirement("chat.stream.fault-stall")
@dialects()
@deployment(params={"stream_timeout": 0.4})
def test_a_provider_that_falls_silent_is_seen(case):
    answer = broken(case, lambda answer: answer.stalls(after=1), patience=2)
    require(Wire.CLIENT, {"end": (None, silence(answer))})
    expect_failure(answer, so_far=PIECES[0])


@requirement("chat.stream.fault-stall-start")
@dialects()
@deployment(params={"stream_timeout": 0.4})
def test_a_provider_that_never_speaks_is_seen(case):
    case.upstream.will(says().stalls(after=0))
    with case.streaming(patience=2) as stream:
        answer = stream.finish()
    require(Wire.CLIENT, {"end": (None, silence(answer))})
    expect_error(answer, UNAVAILABLE)


def silence(answer):
    """How long the client waited in vain, if it did."""
    return answer.exchange.error or answer.response.broken


@requirement("chat.stream.fault-event-shape")
@dialects()
@middles
def test_the_error_event_has_a_message(case, fault):
    seen = [dig(error, "message") for error in broken(case, MIDDLE[fault]).error_events]
    require(Wire.CLIENT, {f"message {n}": (NOT_EMPTY, text) for n, text in enumerate(seen)})


@requirement("chat.stream.fault-internals")
@dialects()
@middles
def test_the_error_event_gives_no_internals_away(case, fault):
    require(Wire.CLIENT, {"internals": ([], internals(broken(case, MIDDLE[fault])))})


@requirement("chat.stream.fault-start")
@dialects()
@pytest.mark.parametrize("fault", START)
def test_a_failure_before_the_first_byte_has_a_status(case, fault):
    case.upstream.always(lambda _: START[fault](says(pieces=PIECES)))
    expect_error(case.ask(), SERVER_ERROR)


@requirement("chat.stream.fault-start")
@dialects()
@deployment(listens=False)
def test_a_refused_connection_has_a_status(case):
    expect_error(case.ask(), SERVER_ERROR)


@requirement("chat.stream.fault-start-envelope")
@dialects()
@pytest.mark.parametrize("fault", START)
def test_a_failure_before_the_first_byte_has_the_envelope(case, fault):
    case.upstream.always(lambda _: START[fault](says(pieces=PIECES)))
    expect_envelope(case.ask())


@requirement("chat.stream.fault-status")
@dialects()
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_a_providers_refusal_keeps_its_status(case, status):
    case.upstream.will(fails(status))
    expect_error(case.ask(), status)


@requirement("chat.stream.fault-not-a-stream")
@last()
@dialects()
@pytest.mark.parametrize("kind", ["text/html", "text/event-stream"])
def test_a_web_page_is_no_answer(case, kind):
    case.upstream.will(fails(200, body=HTML, content_type=kind))
    expect_failure(case.ask())


@requirement("chat.stream.fault-json")
@last()
@dialects()
def test_an_error_as_json_with_status_200_is_seen(case):
    case.upstream.will(fails(200, content_type="application/json"))
    expect_failure(case.ask())


@requirement("chat.stream.fault-json-answer")
@last()
@dialects()
def test_a_whole_answer_in_place_of_a_stream_is_whole_or_an_error(case):
    body = DIALECTS[case.dialect].body(says(TEXT), Asked("a-model", stream=False))
    case.upstream.will(fails(200, body=body))
    expect_whole_or_failure(case.ask(), TEXT)


@requirement("chat.stream.fault-content-type")
@dialects()
@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/octet-stream"])
def test_events_under_another_content_type_are_whole_or_an_error(case, kind):
    case.upstream.will(says(pieces=PIECES).as_content_type(kind))
    expect_whole_or_failure(case.ask(), TEXT)


@requirement("chat.stream.fault-recovery")
@dialects()
@middles
def test_the_next_stream_is_whole(case, fault):
    broken(case, MIDDLE[fault])
    case.upstream.will(says(pieces=PIECES))
    case.ask().expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.fault-apart")
@dialects()
@middles
def test_a_fault_harms_no_other_stream(case, fault):
    gate = Gate()
    case.upstream.will(says(pieces=PIECES).held(gate, before=1))
    with case.streaming() as other:
        other.until(PIECES[0])
        broken(case, MIDDLE[fault])
        gate.open()
        other.finish().expect(text=TEXT, finish_reason="stop", done=1)
