"""The answer as an object: its fields, their types, and what the three judges make of it.

Contract: https://platform.openai.com/docs/api-reference/chat/object
"""

import time

import pytest

from harness.cases.answer import Call
from harness.cases.judged import fits_schema, fits_sdk_models, reads_as
from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import Completion, ToolCall, Usage, calls, says
from harness.verdicts import Wire
from harness.wire.expect import ABSENT, NOT_EMPTY, Like, matches, one_of, require

CLOCK = ToolCall("get_time", '{"tz":"Asia/Tokyo"}', "call_b")
WEATHER = ToolCall("get_weather", '{"city":"Malmö","days":3}', "call_a")
SHAPES = {
    "text": says("Hello there."),
    "calls": calls(WEATHER, CLOCK),
    "reasoning": says("42.", reasoning="Six by seven."),
    "usage-details": says("Hi.", usage=Usage(100, 20, cached=60, reasoning=8)),
}
# Required by the schema, null at most times, and optional to the official SDK's models.
TOLERATED = ("refusal", "finish_reason")
shapes = pytest.mark.parametrize("scripted", SHAPES.values(), ids=SHAPES)
# Any time from the first release of the API on, with a day for clocks that are wrong.
EPOCH_SECONDS = Like(
    "an int of plausible epoch seconds",
    lambda at: type(at) is int and 1_600_000_000 < at < time.time() + 86_400,
)


@dialects()
@both_modes()
@shapes
@requirement("chat.answer.schema")
def test_fits_the_published_schema(case, scripted):
    case.upstream.will(scripted)
    fits_schema(case.ask(), but=TOLERATED)


@dialects()
@both_modes()
@pytest.mark.parametrize("field", TOLERATED)
@requirement("chat.answer.schema-nullable")
def test_fields_that_may_be_null_are_there(case, field):
    case.upstream.will(says("Hello there."))
    fits_schema(case.ask(), only=(field,))


@dialects()
@both_modes()
@shapes
@requirement("chat.answer.sdk-models")
def test_fits_the_sdk_models(case, scripted):
    case.upstream.will(scripted)
    fits_sdk_models(case.ask())


@dialects()
@both_modes()
@pytest.mark.parametrize(
    ("text", "finish"), [("Hello there.", "stop"), ("Cut off he", "length")], ids=["stop", "length"]
)
@requirement("chat.answer.sdk-reads-text")
def test_sdk_reads_the_text(case, text, finish):
    case.upstream.will(says(text, finish=finish))
    reads_as(case.ask(), text=text, finish_reasons=[finish])


@dialects()
@both_modes()
@requirement("chat.answer.sdk-reads-calls")
def test_sdk_reads_tool_calls(case):
    plain = [ToolCall("get_weather", "{}", "call_a"), ToolCall("get_time", "{}", "call_b")]
    case.upstream.will(calls(*plain))
    wanted = tuple(Call(call.name, call.arguments, call.id) for call in plain)
    reads_as(case.ask(), finish_reasons=["tool_calls"], calls=wanted)


@dialects()
@both_modes()
@requirement("chat.answer.object")
def test_object_names_what_it_is(case):
    case.upstream.will(says("Hello there."))
    kind = "chat.completion.chunk" if case.stream else "chat.completion"
    require(Wire.CLIENT, {"object": ([kind], case.ask().distinct("object"))})


@dialects()
@requirement("chat.answer.content-type")
def test_an_answer_that_is_no_stream_is_json(case):
    case.upstream.will(says("Hello there."))
    case.ask().response.expect_headers({"content-type": matches(r"(?i)application/json(\s*;.*)?")})


@dialects()
@both_modes()
@pytest.mark.parametrize("shape", ["text", "calls"])
@requirement("chat.answer.id")
def test_id_is_one_text(case, shape):
    case.upstream.will(SHAPES[shape])
    ids = case.ask().distinct("id")
    require(Wire.CLIENT, {"ids": (1, len(ids))})
    require(Wire.CLIENT, {"id": (NOT_EMPTY, ids[0])})


@dialects()
@both_modes()
@requirement("chat.answer.id-distinct")
def test_two_answers_have_two_ids(case):
    case.upstream.will(says("One.", id="chatcmpl-one"), says("Two.", id="chatcmpl-two"))
    first, second = case.ask(), case.ask()
    ids = {*map(repr, first.distinct("id") + second.distinct("id"))}
    require(Wire.CLIENT, {"distinct ids": (2, len(ids))})


@dialects()
@both_modes()
@requirement("chat.answer.created")
def test_created_is_one_time_in_seconds(case):
    case.upstream.will(says("Hello there, and some more."))
    times = case.ask().distinct("created")
    require(Wire.CLIENT, {"times": (1, len(times))})
    require(Wire.CLIENT, {"created": (EPOCH_SECONDS, times[0])})


@dialects()
@both_modes()
@pytest.mark.parametrize("named", [None, "another-2026-01-01"], ids=["same", "other"])
@requirement("chat.answer.model")
def test_model_is_the_one_asked_for(case, named):
    case.upstream.will(says("Hello there.", model=named))
    case.ask().expect(model=case.model)


@dialects()
@both_modes()
@pytest.mark.parametrize("shape", ["text", "calls"])
@requirement("chat.answer.role")
def test_the_assistant_speaks(case, shape):
    case.upstream.will(SHAPES[shape])
    key = "delta" if case.stream else "message"
    roles = [r for r in case.ask().distinct(f"choices.0.{key}.role") if r not in (None, ABSENT)]
    require(Wire.CLIENT, {"roles": (["assistant"], roles)})


@both_modes()
@requirement("chat.answer.fingerprint")
def test_system_fingerprint_is_the_providers(case):
    case.upstream.will(says("Hello there."))
    seen = [f for f in case.ask().distinct("system_fingerprint") if f not in (None, ABSENT)]
    require(Wire.CLIENT, {"system_fingerprint": (["fp_scripted"], seen)})


@dialects()
@both_modes()
@requirement("chat.answer.text-with-calls")
def test_text_beside_tool_calls_is_kept(case):
    case.upstream.will(calls(WEATHER, text=" Let me look. "))
    wanted = [("get_weather", {"city": "Malmö", "days": 3})]
    case.ask().expect(text=" Let me look. ", calls=wanted, finish_reason="tool_calls")


@dialects()
@both_modes()
@requirement("chat.answer.no-text-with-calls")
def test_tool_calls_alone_bring_no_text(case):
    case.upstream.will(calls(WEATHER))
    wanted = [("get_weather", {"city": "Malmö", "days": 3})]
    case.ask().expect(text=one_of(None, ""), calls=wanted)


@both_modes()
@requirement("chat.answer.refusal")
def test_refusal_is_exact(case):
    case.upstream.will(says(None, refusal="I’m sorry, I can’t help with that. "))
    answer = case.ask()
    answer.expect(refusal="I’m sorry, I can’t help with that. ", finish_reason="stop")


@both_modes()
@requirement("chat.answer.refusal-apart")
def test_refusal_is_not_content(case):
    case.upstream.will(says(None, refusal="I can't help with that."))
    case.ask().expect(text=one_of(None, ""), finish_reason="stop", tool_calls=[])


@dialects("openai", "gemini")
@both_modes()
@requirement("chat.answer.no-choices")
def test_an_answer_without_choices_is_no_error(case):
    case.upstream.will(Completion(()))
    answer = case.ask()
    require(Wire.CLIENT, {"status": (200, answer.status)})


@dialects("openai", "gemini")
@both_modes()
@requirement("chat.answer.no-choices-invented")
def test_an_answer_without_choices_gets_none(case):
    case.upstream.will(Completion(()))
    case.ask().expect(text=one_of(None, ""), finish_reason=ABSENT, tool_calls=[])


@dialects()
@both_modes()
@requirement("chat.answer.tolerates-unknown")
def test_fields_nobody_knows_do_not_disturb(case):
    unknown = {"x_vendor": {"deep": [1, None, "data: [DONE]"]}, "service_tier": "default"}
    case.upstream.will(says("Hello there.", extra=unknown))
    case.ask().expect(text="Hello there.", finish_reason="stop")
