"""Tool calls in a stream: who is called, with what, assembled from deltas.

https://platform.openai.com/docs/api-reference/chat-streaming, `delta.tool_calls`
"""

import pytest

from harness.cases.answer import Call
from harness.cases.judged import reads_as
from harness.cases.marks import dialects, requirement, streamed
from harness.cases.streams import NO_TEXT, heads_and_tails, order
from harness.upstream import edits
from harness.upstream.script import ToolCall, calls
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import NOT_EMPTY, require

pytestmark = streamed()

WEATHER = ToolCall("get_weather", '{"city":"Malmö 🦜","no":null,"x":[1.5,{"y":""}]}', "call_a")
CLOCK = ToolCall("get_time", '{"tz":"Europe/Stockholm"}', "call_b")
PING = ToolCall("ping", "{}", "call_c")
SETS = {
    "one": (WEATHER,),
    "three": (WEATHER, CLOCK, PING),
    "twins": (ToolCall("roll", '{"d":6}', "call_1"), ToolCall("roll", '{"d":6}', "call_2")),
    "many": tuple(ToolCall(f"tool_{n}", f'{{"n":{n}}}', f"call_{n}") for n in range(12)),
}
sets = pytest.mark.parametrize("set_", SETS)
two_sets = pytest.mark.parametrize("set_", ["three", "twins"])
PARSED = {
    "get_weather": {"city": "Malmö 🦜", "no": None, "x": [1.5, {"y": ""}]},
    "get_time": {"tz": "Europe/Stockholm"},
    "ping": {},
    "roll": {"d": 6},
    **{f"tool_{n}": {"n": n} for n in range(12)},
}


def ask(case, answer):
    """The whole answer to one request that the provider answers so."""
    case.upstream.will(answer)
    return case.ask().expect(status=200)


def wanted(tool_calls):
    """The calls as a client must make them."""
    return [(call.name, PARSED[call.name]) for call in tool_calls]


@requirement("chat.stream.tools-calls")
@dialects()
@sets
def test_calls_are_joined_from_their_deltas(case, set_):
    answer = ask(case, calls(*SETS[set_]))
    answer.expect(calls=wanted(SETS[set_]), text=NO_TEXT, finish_reason="tool_calls")


@requirement("chat.stream.tools-calls")
@pytest.mark.parametrize("set_", ["three", "twins"])
def test_deltas_of_parallel_calls_may_alternate(case, set_):
    ask(case, calls(*SETS[set_]).edited(edits.calls_in_turn)).expect(calls=wanted(SETS[set_]))


@requirement("chat.stream.tools-index")
@dialects()
@sets
def test_indexes_count_from_zero(case, set_):
    heads, tails = heads_and_tails(ask(case, calls(*SETS[set_])))
    known = list(range(len(SETS[set_])))
    others = sorted({dig(delta, "index") for delta in tails} - set(known), key=repr)
    seen = [dig(delta, "index") for delta in heads]
    require(Wire.CLIENT, {"indexes of first deltas": (known, seen), "other indexes": ([], others)})


@requirement("chat.stream.tools-head")
@dialects()
@two_sets
def test_first_delta_says_who_is_called(case, set_):
    heads, _ = heads_and_tails(ask(case, calls(*SETS[set_])))
    facts = {"calls": (len(SETS[set_]), len(heads))}
    for n, (call, head) in enumerate(zip(SETS[set_], heads, strict=False)):
        facts[f"id of call {n}"] = (NOT_EMPTY, dig(head, "id"))
        facts[f"type of call {n}"] = ("function", dig(head, "type"))
        facts[f"name of call {n}"] = (call.name, dig(head, "function.name"))
    require(Wire.CLIENT, facts)


@requirement("chat.stream.tools-tail")
@dialects()
@two_sets
def test_further_deltas_bring_arguments_only(case, set_):
    _, tails = heads_and_tails(ask(case, calls(*SETS[set_])))
    ids = {repr(dig(d, "id")) for d in tails} - {"absent", "None"}
    names = {repr(dig(d, "function.name")) for d in tails} - {"absent", "None", "''"}
    require(Wire.CLIENT, {"ids": ([], sorted(ids)), "names": ([], sorted(names))})


@requirement("chat.stream.tools-tail")
@dialects()
@two_sets
def test_type_never_changes(case, set_):
    _, tails = heads_and_tails(ask(case, calls(*SETS[set_])))
    types = {repr(dig(delta, "type")) for delta in tails} - {"absent", "None", "'function'"}
    require(Wire.CLIENT, {"other types": ([], sorted(types))})


@requirement("chat.stream.tools-ids")
@dialects()
@two_sets
def test_ids_are_the_providers(case, set_):
    seen = [call.id for call in ask(case, calls(*SETS[set_])).tool_calls]
    require(Wire.CLIENT, {"ids": ([call.id for call in SETS[set_]], seen)})


@requirement("chat.stream.tools-ids-made")
@dialects("gemini")
@pytest.mark.parametrize("names", [("roll",) * 2, ("roll", "ping", "roll")], ids="-".join)
def test_ids_are_made_where_the_provider_has_none(case, names):
    answer = ask(case, calls(*(ToolCall(name, "{}", id="") for name in names)))
    ids = [call.id for call in answer.tool_calls]
    require(Wire.CLIENT, {"different ids": (len(names), len(set(ids) - {""}))})


@requirement("chat.stream.tools-after-text")
@dialects()
def test_text_before_calls(case):
    answer = ask(case, calls(WEATHER, CLOCK, text="Let me look. "))
    answer.expect(text="Let me look. ", calls=wanted((WEATHER, CLOCK)))
    require(Wire.CLIENT, {"order": (["text", "call 0", "call 1", "finish"], order(answer))})


@requirement("chat.stream.tools-no-arguments")
@dialects()
@pytest.mark.parametrize("text", ["", "{}"], ids=["none", "empty"])
def test_a_call_without_arguments(case, text):
    answer = ask(case, calls(ToolCall("ping", text, "call_c"), CLOCK))
    seen = [(c.name, c.arguments.strip() or "{}") for c in answer.tool_calls]
    require(Wire.CLIENT, {"first call": (("ping", "{}"), seen[0]), "calls": (2, len(seen))})


ARGUMENTS = {
    "unicode": '{"text":"👩‍👩‍👧 ünïcode \\ud83e\\udd9c \\u2028 \\"quoted\\" \\\\ \\n"}',
    "spaces": '{ "a" : 1 ,\n "b":  [ ] }',
    "long": '{"text":"' + "word " * 2000 + '"}',
    "twice": '{"a":"{}","b":"{}{}","a":"{}"}',
    "cut": '{"city":"Mal',
    "no-json": "not JSON at all",
}


@requirement("chat.stream.tools-verbatim")
@dialects("openai", "anthropic")
@pytest.mark.parametrize("kind", ARGUMENTS)
def test_arguments_are_the_models_own_text(case, kind):
    answer = ask(case, calls(ToolCall("say", ARGUMENTS[kind], "call_a"), CLOCK))
    seen = [call.arguments for call in answer.tool_calls]
    require(Wire.CLIENT, {"arguments": ([ARGUMENTS[kind], CLOCK.arguments], seen)})


@requirement("chat.stream.tools-sdk")
@dialects("openai", "anthropic")
@pytest.mark.parametrize("set_", ["one", "three", "twins"])
def test_sdk_reads_the_calls(case, set_):
    made = tuple(Call(c.name, c.arguments, c.id) for c in SETS[set_])
    reads_as(ask(case, calls(*SETS[set_])), calls=made, finish_reasons=["tool_calls"])
