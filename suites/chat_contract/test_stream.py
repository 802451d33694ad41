"""Streamed answers: framing, the fields of each chunk, text, ends and usage.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

import pytest

from harness.cases.judged import fits_schema, fits_sdk_models, reads_as
from harness.cases.marks import dialects, requirement, streamed
from harness.cases.streams import first_roles, framing, order, usages
from harness.upstream.script import (
    Choice,
    Completion,
    TokenLogprob,
    ToolCall,
    Usage,
    calls,
    choices,
    says,
)
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import NOT_EMPTY, absent_or, contains, is_a, matches, one_of, require

pytestmark = streamed()

WEATHER = ToolCall("get_weather", '{"city":"Malmö","days":3}', "call_a")
CLOCK = ToolCall("get_time", '{"tz":"Europe/Stockholm"}', "call_b")
USAGE = {"stream_options": {"include_usage": True}}
COUNTS = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details.cached_tokens",
    "completion_tokens_details.reasoning_tokens",
)
SHAPES = {
    "text": says("Hello there, my friend."),
    "empty": says(""),
    "cut": says("Hello the", finish="length"),
    "calls": calls(WEATHER, CLOCK),
    "text-calls": calls(WEATHER, text="Let me look."),
}
shapes = pytest.mark.parametrize("shape", SHAPES)
two_shapes = pytest.mark.parametrize("shape", ["text", "calls"])
ENDS = [("stop", "length"), ("length", "stop"), ("stop", "stop")]
TEXTS = [("one two", "three four five"), ("ha ha ha", "ha ha", "ha")]


def ask(case, answer, **fields):
    """The whole answer to one request that the provider answers so."""
    case.upstream.will(answer)
    return case.ask(**fields).expect(status=200)


@requirement("chat.stream.content-type")
@dialects()
@two_shapes
def test_content_type(case, shape):
    kind = ask(case, SHAPES[shape]).headers.get("content-type", "none")
    require(Wire.CLIENT, {"content type": (matches(r"(?i)text/event-stream(\s*;.*)?"), kind)})


@requirement("chat.stream.framing")
@dialects()
@shapes
def test_framing(case, shape):
    require(Wire.CLIENT, framing(ask(case, SHAPES[shape], **USAGE)))


@requirement("chat.stream.no-buffering")
@dialects()
def test_intermediaries_are_told_not_to_buffer(case):
    ask(case, says()).response.expect_headers(
        {"Cache-Control": contains("no-cache"), "X-Accel-Buffering": contains("no")}
    )


@requirement("chat.stream.object")
@dialects()
@two_shapes
def test_object(case, shape):
    seen = ask(case, SHAPES[shape], **USAGE).distinct("object")
    require(Wire.CLIENT, {"object": (["chat.completion.chunk"], seen)})


@requirement("chat.stream.id")
@dialects()
@two_shapes
def test_one_id(case, shape):
    ids = ask(case, SHAPES[shape], **USAGE).distinct("id")
    require(Wire.CLIENT, {"different ids": (1, len(ids)), "id": (NOT_EMPTY, ids[0])})


@requirement("chat.stream.created")
@dialects()
@two_shapes
def test_one_creation_time(case, shape):
    times = ask(case, SHAPES[shape], **USAGE).distinct("created")
    require(Wire.CLIENT, {"different times": (1, len(times)), "created": (is_a(int), times[0])})


@requirement("chat.stream.model")
@dialects()
@two_shapes
def test_one_model(case, shape):
    seen = ask(case, SHAPES[shape], **USAGE).distinct("model")
    require(Wire.CLIENT, {"model": ([case.model], seen)})


@requirement("chat.stream.role-first")
@dialects()
@shapes
def test_first_delta_has_the_role(case, shape):
    require(Wire.CLIENT, {"first role": ({0: "assistant"}, first_roles(ask(case, SHAPES[shape])))})


@requirement("chat.stream.role-first")
@dialects("openai", "gemini")
def test_first_delta_of_every_choice_has_the_role(case):
    roles = first_roles(ask(case, choices("one two", "three", "four"), n=3))
    require(Wire.CLIENT, {"first roles": (dict.fromkeys(range(3), "assistant"), roles)})


@requirement("chat.stream.role-only")
@dialects()
@two_shapes
def test_no_other_role(case, shape):
    roles = [dig(entry, "delta.role") for entry in ask(case, SHAPES[shape]).entries]
    fine = absent_or(None, "assistant")
    require(Wire.CLIENT, {f"role in delta {n}": (fine, role) for n, role in enumerate(roles)})


PIECES = {
    "words": ("Hello ", "there, ", "my ", "friend."),
    "hundreds": tuple(f"{n} " for n in range(400)),
    "repeated": ("ha ",) * 60,
    "look-alike": ("abab", "ab", "abab", "ba", "a", "b", "abab"),
    "empty-between": ("one", "", " ", "", "two", ""),
    "blank": ("\n", "\n", "  ", "\n\n", "\t", "x", "\n"),
    "beyond-bmp": ("𝒳", "🦜", "👩‍👩‍👧", "é", "\u200d", "🦜"),
    "controls": ("a\x0bb\x0c", "\x1c\x1d", "\x1e", "\r\n", "\r", "\x00", "\x7f", "z"),
    "frames": ("data: [DONE]\n\n", "[DONE]", "data: {", ": x\n", "event: y\n\n", "end"),
    "json": ('{"error": {"message": "no"}}', "{", "}", '"\\u0041"', "null", "end"),
    "long": ("x" * 70_000, "y" * 70_000, "z"),
}


@requirement("chat.stream.text")
@dialects()
@pytest.mark.parametrize("kind", PIECES)
def test_text_is_joined_from_every_piece_once(case, kind):
    answer = ask(case, says(pieces=PIECES[kind]))
    answer.expect(text="".join(PIECES[kind]), finish_reason="stop", done=1)


@requirement("chat.stream.text-separators")
@dialects()
@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085"], ids=["line", "paragraph", "next"])
def test_unicode_line_separators_are_text(case, mark):
    ask(case, says(pieces=("one", f"two{mark}three", mark, "four"))).expect(
        text=f"onetwo{mark}three{mark}four", finish_reason="stop", done=1
    )


@requirement("chat.stream.equal")
@dialects()
@shapes
def test_streamed_and_whole_answer_say_the_same(case, shape):
    case.upstream.will(SHAPES[shape], SHAPES[shape])
    parts, whole = case.ask(**USAGE), case.ask(stream=False)
    parts.expect(
        text=one_of(whole.text, whole.text or "", whole.text or None),
        calls=whole.calls,
        finish_reason=whole.finish_reason,
    )


@requirement("chat.stream.finish-once")
@dialects()
@shapes
def test_one_finish_reason(case, shape):
    seen = ask(case, SHAPES[shape], **USAGE).finishes_of(0)
    require(Wire.CLIENT, {"finish reasons": ([SHAPES[shape].choices[0].finish], seen)})


@requirement("chat.stream.finish-once")
@dialects("openai", "gemini")
def test_one_finish_reason_with_log_probabilities(case):
    tokens = [TokenLogprob("Hel", -0.25), TokenLogprob("lo", -0.5)]
    answer = ask(case, says(pieces=("Hel", "lo"), logprobs=tokens), logprobs=True)
    require(Wire.CLIENT, {"finish reasons": (["stop"], answer.finishes_of(0))})


@requirement("chat.stream.finish-each-choice")
@dialects("openai", "gemini")
@pytest.mark.parametrize("ends", ENDS, ids="-".join)
def test_one_finish_reason_for_each_choice(case, ends):
    both = (Choice("one two three", finish=ends[0]), Choice("four", finish=ends[1]))
    answer = ask(case, Completion(both), n=2)
    seen = [answer.finishes_of(0), answer.finishes_of(1)]
    require(Wire.CLIENT, {"finish reasons": ([[end] for end in ends], seen)})


@requirement("chat.stream.finish-last")
@dialects()
@pytest.mark.parametrize("shape", ["text", "cut", "calls", "text-calls"])
def test_nothing_after_the_finish_reason(case, shape):
    wanted = {"calls": ["call 0", "call 1"], "text-calls": ["text", "call 0"]}.get(shape, ["text"])
    seen = order(ask(case, SHAPES[shape], **USAGE))
    require(Wire.CLIENT, {"order": ([*wanted, "finish"], seen)})


@requirement("chat.stream.choices")
@dialects("openai", "gemini")
@pytest.mark.parametrize(
    "texts", [("one two", "three four five"), ("ha ha ha", "ha ha", "ha")], ids=["two", "three"]
)
def test_choices_keep_their_own_text(case, texts):
    answer = ask(case, choices(*texts), n=len(texts))
    seen = [answer.text_of(n) for n in range(len(texts))]
    require(Wire.CLIENT, {"texts": (list(texts), seen)})
    answer.expect(choice_count=len(texts))


@requirement("chat.stream.done-once")
@dialects()
@shapes
def test_one_done(case, shape):
    ask(case, SHAPES[shape], **USAGE).expect(done=1)


@requirement("chat.stream.done-last")
@dialects()
@two_shapes
def test_nothing_after_done(case, shape):
    answer = ask(case, SHAPES[shape], **USAGE)
    tail = answer.response.body.rpartition(b"[DONE]")[2].decode()
    seen = "[DONE]" if answer.events[-1].data.strip() == "[DONE]" else "another event"
    require(Wire.CLIENT, {"last event": ("[DONE]", seen), "after it": ("", tail.strip())})


@requirement("chat.stream.usage-asked")
@dialects()
@shapes
def test_usage_when_asked_for(case, shape):
    answer = ask(case, SHAPES[shape], **USAGE)
    require(Wire.CLIENT, {"chunks with usage": (1, sum(usages(answer)))})
    answer.expect_usage({"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18})


@requirement("chat.stream.usage-last")
@dialects()
@two_shapes
def test_usage_comes_last(case, shape):
    seen = usages(ask(case, SHAPES[shape], **USAGE))
    require(Wire.CLIENT, {"last chunk has usage": (True, seen[-1])})


@requirement("chat.stream.usage-not-asked")
@dialects()
@two_shapes
@pytest.mark.parametrize("options", [None, {"include_usage": False}], ids=["null", "false"])
def test_no_usage_when_not_asked_for(case, shape, options):
    seen = usages(ask(case, SHAPES[shape], stream_options=options))
    require(Wire.CLIENT, {"chunks with usage": (0, sum(seen))})


@requirement("chat.stream.usage-not-asked")
@dialects()
def test_no_usage_without_options(case):
    require(Wire.CLIENT, {"chunks with usage": (0, sum(usages(ask(case, says()))))})


@requirement("chat.stream.usage-own-chunk")
@dialects()
def test_usage_chunk_has_no_choices(case):
    require(Wire.CLIENT, {"choices": ([], dig(ask(case, says(), **USAGE).chunks[-1], "choices"))})


@requirement("chat.stream.usage-null")
@dialects()
def test_other_chunks_have_null_usage(case):
    *others, _ = ask(case, says(), **USAGE).chunks
    seen = [dig(chunk, "usage") for chunk in others]
    require(Wire.CLIENT, {f"usage of chunk {n}": (None, usage) for n, usage in enumerate(seen)})


@requirement("chat.stream.usage-whole")
@dialects()
def test_usage_is_the_same_as_in_the_whole_answer(case):
    answer = says("Hi", usage=Usage(100, 20, cached=60, reasoning=8))
    case.upstream.will(answer, answer)
    wanted = case.ask(stream=False).usage
    case.ask(**USAGE).expect_usage({path: dig(wanted, path) for path in COUNTS})


@requirement("chat.stream.not-asked")
@dialects()
@pytest.mark.parametrize("flag", [False, None], ids=["false", "null"])
def test_no_stream_unless_asked_for(case, flag):
    answer = ask(case, says("Hello."), stream=flag)
    answer.expect_json({"object": "chat.completion", "choices.0.message.content": "Hello."})
    kind = answer.headers.get("content-type", "none").split(";")[0]
    require(Wire.CLIENT, {"content type": ("application/json", kind)})


@requirement("chat.stream.sdk-models")
@dialects()
@two_shapes
def test_sdk_models_accept_every_chunk(case, shape):
    fits_sdk_models(ask(case, SHAPES[shape], **USAGE))


@requirement("chat.stream.schema")
@dialects()
@two_shapes
def test_published_schema_accepts_every_chunk(case, shape):
    fits_schema(ask(case, SHAPES[shape], **USAGE))


@requirement("chat.stream.sdk-reads")
@dialects()
def test_sdk_reads_the_stream(case):
    text = "Hello there, 🦜 my\r\nfriend."
    reads_as(ask(case, says(text), **USAGE), text=text, finish_reasons=["stop"])
