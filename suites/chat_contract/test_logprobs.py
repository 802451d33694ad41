"""Log probabilities, token by token.

Contract: https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-logprobs
"""

from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import TokenLogprob, says
from harness.verdicts import Wire
from harness.wire.expect import require

TOKENS = (
    TokenLogprob("Hel", -0.25, (("Hel", -0.25), ("Ha", -2.0))),
    TokenLogprob("lo ", -0.0, (("lo ", -0.0), ("lo\n", -17.375))),
    TokenLogprob("🦜", -9999.0, (("🦜", -9999.0), ('"', -9999.0))),
)
PIECES = [token.token for token in TOKENS]


def ask(case):
    """Ask for log probabilities; LiteLLM takes ``top_logprobs`` for OpenAI only."""
    top = {"top_logprobs": 2} if case.dialect == "openai" else {}
    return case.ask(logprobs=True, **top)


def entry(token, logprob, **more):
    return {"token": token, "logprob": logprob, **more}


def without_bytes(entries):
    """The entries less ``bytes``, which not every provider knows."""
    return [
        {**{k: v for k, v in e.items() if k != "bytes"}, "top_logprobs": without_bytes(top)}
        if (top := e.get("top_logprobs"))
        else {k: v for k, v in e.items() if k != "bytes"}
        for e in entries
    ]


@dialects("openai", "gemini")
@both_modes()
@requirement("chat.answer.logprobs")
def test_logprobs_are_exact(case):
    case.upstream.will(says(pieces=PIECES, logprobs=TOKENS))
    wanted = [entry(t.token, t.logprob, top_logprobs=[entry(*x) for x in t.top]) for t in TOKENS]
    seen = without_bytes(ask(case).logprobs)
    require(Wire.CLIENT, {"logprobs.content": (wanted, seen)})


@both_modes()
@requirement("chat.answer.logprobs-bytes")
def test_logprobs_bytes_are_exact(case):
    case.upstream.will(says(pieces=PIECES, logprobs=TOKENS))
    seen = ask(case).logprobs
    chosen = [e.get("bytes") for e in seen]
    top = [[x.get("bytes") for x in e.get("top_logprobs", [])] for e in seen]
    wanted = [[list(token.encode()) for token, _ in t.top] for t in TOKENS]
    require(Wire.CLIENT, {"bytes": ([w[0] for w in wanted], chosen), "top: bytes": (wanted, top)})


@dialects("openai", "gemini")
@both_modes()
@requirement("chat.answer.logprobs-beside")
def test_logprobs_cost_neither_text_nor_finish_reason(case):
    case.upstream.will(says(pieces=PIECES, logprobs=TOKENS, finish="length"))
    ask(case).expect(text="Hello 🦜", finish_reason="length")


@dialects("openai", "gemini")
@both_modes()
@requirement("chat.answer.logprobs-unasked")
def test_no_logprobs_are_made_up(case):
    case.upstream.will(says("Hello there."))
    case.ask().expect(logprobs=[], text="Hello there.")
