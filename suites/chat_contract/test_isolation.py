"""Many conversations at once: each gets its own answer, whole, and its provider hears it once.

https://docs.litellm.ai/docs/simple_proxy: one gateway for all users and all deployments.
"""

import pytest

from harness.cases.crowd import FAULTY, converse, not_answered, not_heard_once, reply, topic
from harness.cases.marks import ALL_DIALECTS, both_modes, deployments, dialects, requirement
from harness.upstream.deployment import Deployment
from harness.upstream.script import says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import require

NAMES = [f"{dialect}-{n}" for dialect in ALL_DIALECTS for n in (1, 2)]
SIX = deployments(*(Deployment(name, name[:-2]) for name in NAMES))


@requirement("chat.isolation.answers")
@SIX
@pytest.mark.parametrize(("stream", "count"), [(True, 200), (False, 100)], ids=["stream", "json"])
def test_each_conversation_gets_its_own_answer(case, stream, count):
    said = [topic(n) for n in range(count)]
    answers = converse(case, NAMES, said, stream=stream)
    require(Wire.CLIENT, {"without their own answer": ([], not_answered(answers, said))})


@requirement("chat.isolation.upstream")
@SIX
@both_modes()
def test_each_conversation_is_heard_once(case, stream):
    said = [topic(n) for n in range(40)]
    converse(case, NAMES, said, stream=stream)
    require(Wire.UPSTREAM, {"not heard once": ([], not_heard_once(case, NAMES, said))})


@requirement("chat.isolation.ids")
@SIX
@both_modes()
def test_each_answer_has_an_id_of_its_own(case, stream):
    answers = converse(case, NAMES, [topic(n) for n in range(40)], stream=stream)
    ids = {dig(document, "id") for answer in answers for document in answer.documents}
    require(Wire.CLIENT, {"different ids": (40, len(ids))})


@requirement("chat.isolation.call-ids")
@SIX
@both_modes()
def test_each_answer_has_a_call_id_of_its_own(case, stream):
    answers = converse(case, NAMES, [topic(n) for n in range(20)], stream=stream)
    ids = {answer.headers.get("x-litellm-call-id") for answer in answers} - {None}
    require(Wire.CLIENT, {"different x-litellm-call-id": (20, len(ids))})


@requirement("chat.isolation.failures")
@SIX
@both_modes()
def test_failures_stay_where_they_happen(case, stream):
    said = [topic(n) + (f" {FAULTY}" if n % 4 == 3 else "") for n in range(32)]
    wrong = not_answered(converse(case, NAMES, said, stream=stream), said)
    require(Wire.CLIENT, {"without their own answer": (list(range(3, 32, 4)), wrong)})


@requirement("chat.isolation.twins")
@dialects()
@both_modes()
def test_equal_requests_are_asked_and_answered_each(case):
    case.upstream.will(*(says(f"answer {n}") for n in range(6)))
    answers = case.ask_all([case.body("The same question.")] * 6)
    seen = sorted(str(answer.text) for answer in answers)
    require(Wire.CLIENT, {"answers": ([f"answer {n}" for n in range(6)], seen)})


@requirement("chat.isolation.memory")
@dialects()
@both_modes()
def test_nothing_is_left_of_the_conversation_before(case):
    first, second = topic(1), topic(2)
    case.upstream.will(says(reply(first)), says(reply(second)))
    case.ask(first)
    case.ask(second).expect(text=reply(second), finish_reason="stop")
    sent_again = first.encode() in case.upstream.exchanges[-1].request.body
    require(Wire.UPSTREAM, {"the conversation before is sent again": (False, sent_again)})
