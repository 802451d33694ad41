"""Reasoning beside the answer, in the fields that LiteLLM documents.

Contract: https://docs.litellm.ai/docs/reasoning_content
"""

from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.dialects.anthropic import SIGNATURE
from harness.upstream.script import Choice, Completion, ToolCall, says
from harness.verdicts import Wire
from harness.wire.expect import one_of, require

THOUGHT = 'Let me think…\n\n 6 × 7: "42"? 🦜 \\o/ '


@dialects()
@both_modes()
@requirement("chat.answer.reasoning")
def test_reasoning_is_exact(case):
    case.upstream.will(says("Forty-two.", reasoning=THOUGHT))
    case.ask().expect(reasoning=THOUGHT)


@dialects()
@both_modes()
@requirement("chat.answer.reasoning-apart")
def test_reasoning_is_kept_apart_from_the_answer(case):
    case.upstream.will(says(" Forty-two. ", reasoning=THOUGHT))
    case.ask().expect(text=" Forty-two. ", finish_reason="stop", tool_calls=[])


@dialects()
@both_modes()
@requirement("chat.answer.no-reasoning")
def test_no_reasoning_is_made_up(case):
    case.upstream.will(says("Forty-two."))
    case.ask().expect(reasoning=one_of(None, ""), text="Forty-two.")


@dialects()
@both_modes()
@requirement("chat.answer.reasoning-with-calls")
def test_reasoning_before_tool_calls_is_exact(case):
    call = ToolCall("get_time", '{"tz":"Asia/Tokyo"}', "call_a")
    case.upstream.will(
        Completion((Choice(reasoning=THOUGHT, tool_calls=(call,), finish="tool_calls"),))
    )
    calls = [("get_time", {"tz": "Asia/Tokyo"})]
    case.ask().expect(reasoning=THOUGHT, calls=calls, finish_reason="tool_calls")


@dialects("anthropic")
@both_modes()
@requirement("chat.answer.thinking-blocks")
def test_thinking_blocks_carry_text_and_signature(case):
    case.upstream.will(says("Forty-two.", reasoning=THOUGHT))
    blocks = case.ask().listed("thinking_blocks")
    joined = {
        key: "".join(block.get(key) or "" for block in blocks) for key in ("thinking", "signature")
    }
    types = sorted({str(block.get("type")) for block in blocks})
    require(
        Wire.CLIENT,
        {
            "thinking_blocks: type": (["thinking"], types),
            "thinking_blocks: text": (THOUGHT, joined["thinking"]),
            "thinking_blocks: signature": (SIGNATURE, joined["signature"]),
        },
    )


@dialects()
@both_modes()
@requirement("chat.answer.reasoning-cut")
def test_reasoning_survives_a_cut(case):
    case.upstream.will(Completion((Choice(reasoning=THOUGHT, finish="length"),)))
    case.ask().expect(reasoning=THOUGHT, text=one_of(None, ""), finish_reason="length")
