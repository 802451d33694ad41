"""Token counts: the provider's, in OpenAI's shape.

Contract: https://platform.openai.com/docs/api-reference/chat/object#chat-object-usage and
https://docs.litellm.ai/docs/completion/usage
"""

import pytest

from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import Choice, Completion, ToolCall, Usage, calls, says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import ABSENT, Like, is_a, require

COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
CACHED = "prompt_tokens_details.cached_tokens"
REASONING = "completion_tokens_details.reasoning_tokens"
USAGES = {
    "plain": Usage(123, 45),
    "both": Usage(100, 20, cached=60, reasoning=8),
    "large": Usage(1_048_576, 65_536, cached=1_000_000, reasoning=60_000),
}
usages = pytest.mark.parametrize("usage", USAGES.values(), ids=USAGES)
NONE = Like("absent, null or 0", lambda seen: seen in (ABSENT, None, 0))


def count(usage, path):
    """The count at a dotted path; 0 where the provider's silence leaves none."""
    seen = dig(usage, path)
    return 0 if seen in (ABSENT, None) else seen


def ask(case, stream=None, **fields):
    """Ask for an answer with its usage, streamed or not."""
    streams = case.stream if stream is None else stream
    if streams:
        fields |= {"stream": True, "stream_options": {"include_usage": True}}
    return case.ask(**fields)


@dialects()
@both_modes()
@usages
@requirement("chat.usage.counts")
def test_counts_are_the_providers(case, usage):
    case.upstream.will(says("Hello there.", usage=usage))
    wanted = {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion}
    ask(case).expect_usage(wanted)


@dialects()
@both_modes()
@usages
@requirement("chat.usage.total")
def test_total_is_the_sum(case, usage):
    case.upstream.will(says("Hello there.", usage=usage))
    seen = ask(case).usage
    parts = [dig(seen, "prompt_tokens"), dig(seen, "completion_tokens")]
    total = sum(parts) if all(type(n) is int for n in parts) else parts
    require(Wire.CLIENT, {"usage.total_tokens": (total, dig(seen, "total_tokens"))})


@dialects()
@both_modes()
@requirement("chat.usage.types")
def test_counts_are_whole_numbers(case):
    case.upstream.will(says("Hello there.", usage=Usage(100, 20, cached=60, reasoning=8)))
    ask(case).expect_usage(dict.fromkeys([*COUNTS, CACHED, REASONING], is_a(int)))


@dialects()
@both_modes()
@pytest.mark.parametrize("cached", [60, 100])
@requirement("chat.usage.cached")
def test_cached_tokens_are_the_providers(case, cached):
    case.upstream.will(says("Hello there.", usage=Usage(100, 20, cached=cached)))
    ask(case).expect_usage({CACHED: cached, "prompt_tokens": 100})


@dialects()
@both_modes()
@pytest.mark.parametrize("reasoning", [8, 20])
@requirement("chat.usage.reasoning")
def test_reasoning_tokens_are_the_providers(case, reasoning):
    usage = Usage(100, 20, reasoning=reasoning)
    case.upstream.will(says("Forty-two.", reasoning="Six by seven.", usage=usage))
    ask(case).expect_usage({REASONING: reasoning, "completion_tokens": 20})


@dialects()
@both_modes()
@requirement("chat.usage.cached-none")
def test_no_cached_tokens_are_made_up(case):
    case.upstream.will(says("Hello there.", usage=Usage(100, 20)))
    ask(case).expect_usage({CACHED: NONE})


@dialects()
@both_modes()
@requirement("chat.usage.reasoning-none")
def test_no_reasoning_tokens_are_made_up(case):
    case.upstream.will(says("Forty-two.", reasoning="Six by seven.", usage=Usage(100, 20)))
    ask(case).expect_usage({REASONING: NONE})


@dialects()
@usages
@requirement("chat.usage.both-modes")
def test_streamed_and_whole_answers_count_alike(case, usage):
    case.upstream.will(says("Hello there.", usage=usage), says("Hello there.", usage=usage))
    whole, streamed = ask(case, False).usage, ask(case, True).usage
    require(
        Wire.CLIENT,
        {
            f"streamed usage.{path}": (count(whole, path), count(streamed, path))
            for path in (*COUNTS, CACHED, REASONING)
        },
    )


@dialects()
@both_modes()
@pytest.mark.parametrize(
    "usage", [Usage(11, 0), Usage(0, 0), Usage(0, 7)], ids=["no-completion", "none", "no-prompt"]
)
@requirement("chat.usage.zero")
def test_zero_is_a_count(case, usage):
    case.upstream.will(says("Hello there, how are you?", usage=usage))
    counts = [usage.prompt, usage.completion, usage.prompt + usage.completion]
    ask(case).expect_usage(dict(zip(COUNTS, counts, strict=True)))


@dialects()
@both_modes()
@pytest.mark.parametrize(
    "scripted",
    [
        calls(ToolCall("get_time", '{"tz":"Asia/Tokyo"}'), usage=Usage(31, 17)),
        says("Cut off he", finish="length", usage=Usage(31, 17)),
        says("Once upon", finish="content_filter", usage=Usage(31, 17)),
        Completion((Choice(finish="content_filter"),), usage=Usage(31, 17)),
    ],
    ids=["calls", "length", "filtered", "filtered-empty"],
)
@requirement("chat.usage.every-end")
def test_counts_come_with_every_kind_of_end(case, scripted):
    case.upstream.will(scripted)
    ask(case).expect_usage(dict(zip(COUNTS, [31, 17, 48], strict=True)))


@dialects("anthropic")
@both_modes()
@requirement("chat.usage.cache-writes")
def test_tokens_written_to_a_cache_are_prompt_tokens(case):
    native = {"input_tokens": 10, "cache_creation_input_tokens": 50, "cache_read_input_tokens": 40}
    case.upstream.will(says("Hello.", extra={"usage": {**native, "output_tokens": 20}}))
    counts = dict(zip(COUNTS, [100, 20, 120], strict=True))
    written = {"cache_creation_input_tokens": 50, "cache_read_input_tokens": 40}
    ask(case).expect_usage({**counts, **written, CACHED: 40})


@dialects("openai", "gemini")
@both_modes()
@requirement("chat.usage.absent")
def test_an_answer_whose_provider_counts_nothing_is_whole(case):
    case.upstream.will(says("Hello there.", usage=None))
    answer = ask(case)
    require(Wire.CLIENT, {"status": (200, answer.status)})
    answer.expect(text="Hello there.", finish_reason="stop")
