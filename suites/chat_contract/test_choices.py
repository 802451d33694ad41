"""Several choices (``n`` > 1): each its own text, calls and end.

Contract: https://platform.openai.com/docs/api-reference/chat/create#chat-create-n
"""

import pytest

from harness.cases.answer import Call
from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import Choice, Completion, TokenLogprob, ToolCall, choices, says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import require

TEXTS = ("First, a short one.", " Second: a longer one, 🦜 more words. ", "Third")
pytestmark = [dialects("openai", "gemini"), both_modes()]


def ends(*finishes):
    """Choices that end for these reasons."""
    texts = TEXTS[: len(finishes)]
    return Completion(tuple(Choice(t, finish=f) for t, f in zip(texts, finishes, strict=True)))


@pytest.mark.parametrize("n", [2, 3])
@requirement("chat.choices.texts")
def test_each_choice_has_its_own_text(case, n):
    case.upstream.will(choices(*TEXTS[:n]))
    answer = case.ask(n=n)
    require(Wire.CLIENT, {f"text of {i}": (TEXTS[i], answer.text_of(i)) for i in range(n)})


@pytest.mark.parametrize("n", [2, 3])
@requirement("chat.choices.index")
def test_choices_are_numbered_from_zero(case, n):
    case.upstream.will(choices(*TEXTS[:n]))
    case.ask(n=n).expect(choice_indexes=list(range(n)))


@requirement("chat.choices.one")
def test_one_choice_is_number_zero(case):
    case.upstream.will(says("Hello there."))
    case.ask().expect(choice_indexes=[0], text="Hello there.")


@pytest.mark.parametrize(
    "finishes",
    [
        ("stop", "stop"),
        ("stop", "length"),
        ("length", "stop"),
        ("length", "content_filter", "stop"),
    ],
    ids="-then-".join,
)
@requirement("chat.choices.finish")
def test_each_choice_has_its_own_finish_reason(case, finishes):
    case.upstream.will(ends(*finishes))
    answer = case.ask(n=len(finishes))
    wanted = {f"finish of {i}": ([f], answer.finishes_of(i)) for i, f in enumerate(finishes)}
    require(Wire.CLIENT, wanted)


@requirement("chat.choices.calls")
def test_a_call_in_one_choice_stays_there(case):
    call = ToolCall("get_time", '{"tz": "Asia/Tokyo"}', "call_a")
    other = Choice(tool_calls=(call,), finish="tool_calls")
    case.upstream.will(Completion((Choice("Text only."), other)))
    answer = case.ask(n=2)
    named = [Call(c.name, "", "") for c in answer.calls_of(1)]
    require(
        Wire.CLIENT,
        {
            "calls of 0": ([], answer.calls_of(0)),
            "text of 0": ("Text only.", answer.text_of(0)),
            "calls of 1": ([Call("get_time", "", "")], named),
            "text of 1": ("", answer.text_of(1) or ""),
        },
    )


@requirement("chat.choices.logprobs")
def test_each_choice_has_its_own_logprobs(case):
    one, two = TokenLogprob("One", -0.5), TokenLogprob("Two", -1.5)
    scripted = (Choice("One", logprobs=(one,)), Choice("Two", logprobs=(two,)))
    case.upstream.will(Completion(scripted))
    answer = case.ask(n=2, logprobs=True)
    seen = [[(t.get("token"), t.get("logprob")) for t in answer.logprobs_of(i)] for i in (0, 1)]
    require(Wire.CLIENT, {"logprobs": ([[("One", -0.5)], [("Two", -1.5)]], seen)})


@requirement("chat.choices.role")
def test_each_choice_is_the_assistants(case):
    case.upstream.will(choices(*TEXTS[:2]))
    answer = case.ask(n=2)
    require(Wire.CLIENT, {f"role of {i}": ("assistant", answer.joined("role", i)) for i in (0, 1)})


@requirement("chat.choices.equal")
def test_equal_choices_are_still_several(case):
    case.upstream.will(choices("Same.", "Same."))
    answer = case.ask(n=2)
    seen = [answer.text_of(i) for i in (0, 1)]
    require(Wire.CLIENT, {"texts": (["Same.", "Same."], seen)})


@requirement("chat.choices.usage")
def test_choices_are_counted_together_and_once(case):
    asked = {"stream_options": {"include_usage": True}} if case.stream else {}
    case.upstream.will(choices(*TEXTS[:2]))
    usage = case.ask(n=2, **asked).usage
    counts = [dig(usage, f"{kind}_tokens") for kind in ("prompt", "completion", "total")]
    require(Wire.CLIENT, {"usage": ([11, 7, 18], counts)})
