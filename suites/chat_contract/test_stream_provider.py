"""Streams as real providers write them: any legal framing, and the habits of compatible servers.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import pytest

from harness.cases.marks import dialects, last, requirement, streamed
from harness.cases.streams import order
from harness.upstream import edits
from harness.upstream.script import ToolCall, calls, says
from harness.verdicts import Wire
from harness.wire.expect import NOT_EMPTY, require

pytestmark = streamed()

TEXT = "Hello there, 🦜 ünïcode friend."


@requirement("chat.stream.provider-framing")
@dialects()
@pytest.mark.parametrize(
    "edit",
    [edits.crlf, edits.no_space, edits.in_one_write],
    ids=lambda edit: edit.__name__,
)
def test_providers_may_frame_events_as_the_standard_allows(case, edit):
    case.upstream.will(says(TEXT).edited(edit))
    case.ask().expect(status=200).expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.provider-comments")
@last()
@dialects()
def test_providers_may_send_comments(case):
    case.upstream.will(says(TEXT).edited(edits.comments))
    case.ask().expect(status=200).expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.provider-other-fields")
@last()
@dialects()
def test_providers_may_send_ids_and_times_to_reconnect_after(case):
    case.upstream.will(says(TEXT).edited(edits.other_fields))
    case.ask().expect(status=200).expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.provider-framing")
@dialects()
@pytest.mark.parametrize("size", [1, 7, 64])
def test_packets_may_end_anywhere(case, size):
    case.upstream.will(says(TEXT).in_writes_of(size))
    case.ask().expect(status=200).expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.provider-framing")
@dialects()
def test_packets_of_a_tool_call_may_end_anywhere(case):
    case.upstream.will(calls(ToolCall("say", '{"what":"🦜 ü"}')).in_writes_of(1))
    case.ask().expect(status=200).expect(
        calls=[("say", {"what": "🦜 ü"})], finish_reason="tool_calls", done=1
    )


@requirement("chat.stream.provider-last-piece")
def test_last_piece_may_travel_with_the_finish_reason(case):
    case.upstream.will(says(TEXT).edited(edits.finish_with_last_piece))
    answer = case.ask().expect(status=200)
    answer.expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.provider-no-choices")
def test_chunks_without_choices_do_no_harm(case):
    case.upstream.will(says(TEXT).edited(edits.chunks_without_choices))
    answer = case.ask().expect(status=200)
    answer.expect(text=TEXT, finish_reason="stop", done=1)
    require(Wire.CLIENT, {"order": (["text", "finish"], order(answer))})


@requirement("chat.stream.provider-no-id")
def test_one_id_even_if_the_provider_has_none(case):
    case.upstream.will(says(TEXT).edited(edits.each_chunk(edits.without_ids)))
    ids = case.ask().distinct("id")
    require(Wire.CLIENT, {"different ids": (1, len(ids)), "id": (NOT_EMPTY, ids[0])})
