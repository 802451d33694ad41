"""Streams while they run: what the provider has sent is due at once; who hangs up is heard.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream
"""

from harness.cases.marks import dialects, requirement, streamed
from harness.upstream.dialects.registry import DIALECTS
from harness.upstream.script import Gate, ToolCall, calls, says

pytestmark = streamed()

PIECES = ("one ", "two ", "three ", "four ", "five")
TEXT = "".join(PIECES)


@requirement("chat.stream.flow")
@dialects()
def test_each_piece_arrives_while_the_provider_waits(case):
    gates = [Gate() for _ in PIECES[1:]]
    answer = says(pieces=PIECES)
    for n, gate in enumerate(gates, start=1):
        answer = answer.held(gate, before=n)
    case.upstream.will(answer)
    with case.streaming() as stream:
        for n, gate in enumerate(gates, start=1):
            stream.until("".join(PIECES[:n]))
            gate.open()
        stream.finish().expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.flow-end")
@dialects("openai", "anthropic")
def test_last_piece_does_not_wait_for_the_finish_reason(case):
    gate = Gate()
    case.upstream.will(says(pieces=PIECES).held(gate, before=len(PIECES)))
    with case.streaming() as stream:
        stream.until(TEXT)
        gate.open()
        stream.finish().expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.flow-repeats")
@dialects()
def test_equal_pieces_arrive_one_by_one(case):
    gates = Gate(), Gate()
    answer = says(pieces=("ha ",) * 3).held(gates[0], before=1).held(gates[1], before=2)
    case.upstream.will(answer)
    with case.streaming() as stream:
        stream.until("ha ")
        gates[0].open()
        stream.until("ha ha ")
        gates[1].open()
        stream.finish().expect(text="ha ha ha ", done=1)


@requirement("chat.stream.flow-arguments")
@dialects("openai", "anthropic")
def test_arguments_arrive_while_the_provider_waits(case):
    gates = Gate(), Gate()
    say = ToolCall("say", '{"what":"abcdefghijklmnopqrstuvwxyz"}')
    case.upstream.will(calls(say).held(gates[0], before=2).held(gates[1], before=4))
    with case.streaming() as stream:
        stream.until_called("say")
        gates[0].open()
        stream.until_called("say", '{"what":')
        gates[1].open()
        stream.finish().expect(calls=[("say", {"what": "abcdefghijklmnopqrstuvwxyz"})], done=1)


@requirement("chat.stream.flow-calls")
@dialects("gemini")
def test_a_call_arrives_while_the_provider_waits(case):
    gate = Gate()
    both = ToolCall("say", '{"what":"a"}', "call_1"), ToolCall("say", '{"what":"b"}', "call_2")
    case.upstream.will(calls(*both).held(gate, before=1))
    with case.streaming() as stream:
        stream.until_called("say", "a")
        gate.open()
        stream.finish().expect(calls=[("say", {"what": "a"}), ("say", {"what": "b"})], done=1)


@requirement("chat.stream.flow-apart")
@dialects()
def test_a_waiting_stream_holds_nobody_up(case):
    gate = Gate()
    case.upstream.will(says(pieces=PIECES).held(gate, before=1), says("Be quick."))
    with case.streaming() as stream:
        stream.until(PIECES[0])
        case.ask().expect(text="Be quick.", finish_reason="stop", done=1)
        gate.open()
        stream.finish().expect(text=TEXT, finish_reason="stop", done=1)


@requirement("chat.stream.hang-up")
@dialects()
def test_hanging_up_reaches_a_provider_that_waits(case):
    case.upstream.will(says(pieces=PIECES).held(Gate(), before=1))
    with case.streaming() as stream:
        stream.until(PIECES[0])
    case.upstream.wait_for_hang_up(3)


@requirement("chat.stream.hang-up")
@dialects()
def test_hanging_up_reaches_a_provider_that_talks_on(case):
    case.upstream.will(says(pieces=PIECES[:1] * 2000).paced(0.01))
    with case.streaming() as stream:
        stream.until(PIECES[0])
    case.upstream.wait_for_hang_up(5)


@requirement("chat.stream.hang-up-early")
@dialects()
def test_hanging_up_before_the_first_byte_reaches_the_provider(case):
    first_event = -DIALECTS[case.dialect].lead_in
    case.upstream.will(says(pieces=PIECES).held(Gate(), before=first_event))
    with case.streaming(patience=0.5):
        pass
    case.upstream.wait_for_hang_up(3)


@requirement("chat.stream.hang-up-early")
@dialects()
def test_hanging_up_reaches_a_provider_that_has_not_answered_at_all(case):
    case.upstream.will(says(pieces=PIECES).delayed(60))
    case.hang_up()
    case.upstream.wait_for_hang_up(1.5)


@requirement("chat.stream.hang-up-harmless")
@dialects()
def test_hanging_up_harms_nobody_else(case):
    gate = Gate()
    left, kept = (says(pieces=PIECES).held(g, before=1) for g in (Gate(), gate))
    case.upstream.will(kept, left, says("Still here."))
    with case.streaming() as other:
        other.until(PIECES[0])
        with case.streaming() as stream:
            stream.until(PIECES[0])
        gate.open()
        other.finish().expect(text=TEXT, finish_reason="stop", done=1)
    case.ask().expect(text="Still here.", finish_reason="stop", done=1)
