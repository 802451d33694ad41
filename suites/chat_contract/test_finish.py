"""Why an answer ended, in OpenAI's words, whatever words the provider has.

Contract: https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices and
https://docs.litellm.ai/docs/completion/output#native-finish-reason
"""

import pytest

from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import Choice, Completion, ToolCall, calls, says
from harness.verdicts import Wire
from harness.wire.expect import ABSENT, Like, one_of, require

CLOCK = ToolCall("get_time", '{"tz":"Asia/Tokyo"}', "call_a")
OPENAI_WORDS = one_of("stop", "length", "tool_calls", "content_filter", "function_call")
NOT_COMPLETE = Like("a word for an answer that is not complete", lambda seen: seen != "stop")
FILTERED = ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"]
CUT = [("anthropic", "refusal"), ("gemini", "LANGUAGE"), ("gemini", "OTHER")]
BROKEN_OFF = [
    ("anthropic", "pause_turn"),
    ("gemini", "MALFORMED_FUNCTION_CALL"),
    ("gemini", "UNEXPECTED_TOOL_CALL"),
    ("gemini", "TOO_MANY_TOOL_CALLS"),
]
LIMIT = ("anthropic", "model_context_window_exceeded")
SEQUENCE = ("anthropic", "stop_sequence")


def own_words(*pairs):
    """Words that only the provider has, as parameters ``dialect`` and ``word``."""
    return pytest.mark.parametrize(("dialect", "word"), pairs)


def ends(case, word, reason, text="So far "):
    """The provider ends after some text; the client gets the text and the reason, once."""
    case.upstream.will(says(text, finish=word))
    answer = case.ask()
    require(Wire.CLIENT, {"finish reasons": ([reason], answer.finishes_of(0))})
    return answer


@dialects()
@both_modes()
@requirement("chat.finish.stop")
def test_a_natural_end_is_stop(case):
    ends(case, "stop", "stop")


@dialects("anthropic")
@both_modes()
@requirement("chat.finish.stop")
def test_a_stop_sequence_is_stop(case):
    ends(case, "stop_sequence", "stop")


@dialects()
@both_modes()
@requirement("chat.finish.length")
def test_the_token_limit_is_length(case):
    ends(case, "length", "length")


@dialects("anthropic")
@both_modes()
@requirement("chat.finish.context-window")
def test_a_full_context_window_is_length(case):
    ends(case, "model_context_window_exceeded", "length")


@dialects()
@both_modes()
@pytest.mark.parametrize("text", [None, "Let me look."], ids=["alone", "after-text"])
@requirement("chat.finish.tool-calls")
def test_calling_tools_is_tool_calls(case, text):
    case.upstream.will(calls(CLOCK, text=text))
    require(Wire.CLIENT, {"finish reasons": (["tool_calls"], case.ask().finishes_of(0))})


@dialects()
@both_modes()
@requirement("chat.finish.cut-call")
def test_a_call_at_the_token_limit_is_length(case):
    case.upstream.will(calls(CLOCK, finish="length"))
    require(Wire.CLIENT, {"finish reasons": (["length"], case.ask().finishes_of(0))})


@dialects()
@both_modes()
@requirement("chat.finish.filter")
def test_a_filtered_answer_is_content_filter(case):
    ends(case, "content_filter", "content_filter")


@dialects()
@both_modes()
@requirement("chat.finish.filter-empty")
def test_a_filtered_answer_without_text_is_content_filter(case):
    case.upstream.will(Completion((Choice(finish="content_filter"),)))
    answer = case.ask()
    answer.expect(text=one_of(None, ""), finish_reason="content_filter", tool_calls=[])


@dialects("gemini")
@both_modes()
@pytest.mark.parametrize("word", FILTERED)
@requirement("chat.finish.filter-own-words")
def test_every_filter_of_the_provider_is_content_filter(case, word):
    ends(case, word, "content_filter")


@dialects("anthropic")
@both_modes()
@requirement("chat.finish.refusal")
def test_a_refusal_is_content_filter(case):
    case.upstream.will(says(None, refusal="This is not allowed."))
    require(Wire.CLIENT, {"finish reasons": (["content_filter"], case.ask().finishes_of(0))})


@dialects("gemini")
@both_modes()
@pytest.mark.parametrize("reason", ["SAFETY", "OTHER"])
@requirement("chat.finish.prompt-blocked")
def test_a_blocked_prompt_is_content_filter(case, reason):
    blocked = Completion((), extra={"promptFeedback": {"blockReason": reason}})
    case.upstream.will(blocked)
    answer = case.ask()
    answer.expect(finish_reason="content_filter", text=one_of(None, ""), tool_calls=[])


@dialects()
@both_modes()
@requirement("chat.finish.length-text")
def test_what_came_before_the_token_limit_is_kept(case):
    ends(case, "length", "length", "Once upon a ti").expect(text="Once upon a ti")


@dialects()
@both_modes()
@requirement("chat.finish.filter-text")
def test_what_came_before_the_filter_is_kept(case):
    case.upstream.will(says("Once upon a ti", finish="content_filter"))
    case.ask().expect(text="Once upon a ti")


@own_words(*CUT, *BROKEN_OFF, LIMIT, SEQUENCE)
@both_modes()
@requirement("chat.finish.openai-words")
def test_every_reason_is_one_of_openais(case, word):
    case.upstream.will(says("So far ", finish=word))
    case.ask().expect(finish_reason=OPENAI_WORDS)


@own_words(*CUT)
@both_modes()
@requirement("chat.finish.cut-not-complete")
def test_a_cut_answer_does_not_look_complete(case, word):
    case.upstream.will(says("So far ", finish=word))
    case.ask().expect(finish_reason=NOT_COMPLETE)


@own_words(*BROKEN_OFF)
@both_modes()
@requirement("chat.finish.broken-off-not-complete")
def test_a_turn_broken_off_does_not_look_complete(case, word):
    case.upstream.will(says("So far ", finish=word))
    case.ask().expect(finish_reason=NOT_COMPLETE)


@own_words(*CUT, *BROKEN_OFF, LIMIT, SEQUENCE)
@both_modes()
@requirement("chat.finish.own-words-text")
def test_what_came_before_any_other_end_is_kept(case, word):
    case.upstream.will(says("Once upon a ti", finish=word))
    case.ask().expect(text="Once upon a ti")


@own_words(*CUT, *BROKEN_OFF, LIMIT, SEQUENCE, ("gemini", "SAFETY"), ("gemini", "RECITATION"))
@both_modes()
@requirement("chat.finish.native")
def test_the_providers_own_word_is_kept(case, word):
    case.upstream.will(says("So far ", finish=word))
    where = "choices.0.provider_specific_fields.native_finish_reason"
    seen = [v for v in case.ask().distinct(where) if v not in (None, ABSENT)]
    require(Wire.CLIENT, {"native_finish_reason": ([word], seen)})
