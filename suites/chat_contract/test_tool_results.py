"""Tool calls and their results on their way back to the provider.

OpenAI: https://platform.openai.com/docs/guides/function-calling#handling-function-calls
Anthropic: https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use
Gemini: https://ai.google.dev/gemini-api/docs/function-calling
"""

import json

import pytest

from harness.cases.heard import body, expect_conversation, expect_messages
from harness.cases.marks import both_modes, dialects, requirement
from harness.contract.conversation import arrived
from harness.upstream.script import ToolCall, calls, says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import require

pytestmark = both_modes()

USER = {"role": "user", "content": "How is the weather?"}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {"x": {"type": "string"}}},
        },
    }
    for name in ("weather", "time")
]


def call(id_, name="weather", arguments='{"x":"1"}'):
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def assistant(*tool_calls, **keys):
    return {"role": "assistant", **keys, "tool_calls": list(tool_calls)}


def result(id_, content):
    return {"role": "tool", "tool_call_id": id_, "content": content}


TWO = assistant(call("call_a"), call("call_b", "time", '{"x":"2"}'), content=None)
PARTS = [{"type": "text", "text": "p1 "}, {"type": "text", "text": "p2"}]
RESULTS = {
    "one": [USER, assistant(call("call_a"), content=None), result("call_a", "RA")],
    "two": [USER, TWO, result("call_a", "RA"), result("call_b", "RB")],
    "two-reversed": [USER, TWO, result("call_b", "RB"), result("call_a", "RA")],
    "parts": [USER, TWO, result("call_a", PARTS), result("call_b", "RB")],
    "empty": [USER, TWO, result("call_a", ""), result("call_b", "RB")],
    "unicode": [USER, TWO, result("call_a", " Ünï 🦜\u0000\n "), result("call_b", "\u2028")],
    "json": [USER, TWO, result("call_a", '{"t": 1.50, "u": "ü"}'), result("call_b", "[1, 2]")],
    "then-user": [
        *[USER, TWO, result("call_a", "RA"), result("call_b", "RB")],
        {"role": "user", "content": "And now?"},
    ],
    "long": [USER, TWO, result("call_a", "x" * 300_000 + "end"), result("call_b", "RB")],
}
CALLS = {
    "content-null": assistant(call("call_a"), content=None),
    "content-left-out": assistant(call("call_a")),
    "content-empty": assistant(call("call_a"), content=""),
    "text-and-call": assistant(call("call_a"), content="Let me see. "),
}
ARGUMENTS = {
    "spaced": '{ "x" :  "1" }',
    "no-arguments": "{}",
    "empty-text": "",
    "unicode": '{"x": "\\u00fc ü 🦜 \\n"}',
    "numbers": '{"x": 1.0, "y": 9007199254740993, "z": 1e-7, "n": null, "b": false}',
    "deep": '{"a": {"b": [{"c": []}, {}]}, "type": "object", "snake_case": {"camelCase": 1}}',
}
ROUNDS = [
    USER,
    assistant(call("call_1"), content=None),
    result("call_1", "R1"),
    assistant(call("call_2"), content="Again."),
    result("call_2", "R2"),
    assistant(call("call_3", "time"), call("call_4"), content=None),
    result("call_3", "R3"),
    result("call_4", "R4"),
    {"role": "assistant", "content": "It rains."},
    {"role": "user", "content": "Thanks."},
]


def told(case, messages):
    """Ask, and look that the provider was told the same conversation."""
    case.upstream.will(says())
    case.ask(messages, tools=TOOLS)
    if case.dialect == "openai":
        expect_messages(case, messages)
    else:
        expect_conversation(case, messages)


@requirement("chat.tools.results")
@dialects()
@pytest.mark.parametrize("name", RESULTS)
def test_results_arrive_with_their_calls(case, name):
    told(case, RESULTS[name])


@requirement("chat.tools.results-together")
@dialects("anthropic")
@pytest.mark.parametrize("name", ["two", "two-reversed", "then-user"])
def test_results_are_one_message_right_after_their_calls(case, name):
    case.upstream.will(says())
    case.ask(RESULTS[name], tools=TOOLS)
    asked, answered, *rest = [*body(case).get("messages", [])[1:], {}, {}]
    kinds = [[dig(block, "type") for block in blocks(message)] for message in (asked, answered)]
    require(
        Wire.UPSTREAM,
        {
            "roles": (["assistant", "user"], [asked.get("role"), answered.get("role")]),
            "calls": (["tool_use", "tool_use"], kinds[0]),
            "results": (["tool_result", "tool_result"], kinds[1][:2]),
            "later results": (False, "tool_result" in str(rest)),
        },
    )


def blocks(message):
    """The content of one of Anthropic's messages, where it is in blocks."""
    content = message.get("content")
    return content if isinstance(content, list) else []


@requirement("chat.tools.calls")
@dialects()
@pytest.mark.parametrize("name", CALLS)
def test_call_arrives_whatever_is_said_beside_it(case, name):
    told(case, [USER, CALLS[name], result("call_a", "RA")])


@requirement("chat.tools.arguments")
@dialects()
@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=list(ARGUMENTS))
def test_arguments_arrive(case, arguments):
    told(case, [USER, assistant(call("call_a", "weather", arguments)), result("call_a", "R")])


@requirement("chat.tools.rounds")
@dialects()
def test_several_rounds_arrive_in_order(case):
    told(case, ROUNDS)


@requirement("chat.tools.loop")
@dialects()
@pytest.mark.parametrize("text", [None, "Let me see."], ids=["calls-only", "with-text"])
def test_answer_of_the_proxy_can_be_sent_back(case, text):
    made = [ToolCall("weather", '{"x": "Köln 🦜"}', "call_a"), ToolCall("time", "{}", "call_b")]
    case.upstream.will(calls(*made, text=text), says())
    answer = case.ask([USER], tools=TOOLS)
    message = as_message(answer)
    ids = [one.id for one in answer.tool_calls]
    results = [result(id_, f"R{n}") for n, id_ in enumerate(ids)]
    case.ask([USER, message, *results], tools=TOOLS)
    by_name = case.dialect == "gemini"
    names = [one.name for one in made]
    seen = [p for turn in arrived(case.dialect, body(case)).turns for p in turn.parts]
    said = [(p.name, p.value, p.id) for p in seen if p.kind == "call"]
    wanted = [(m.name, json.loads(m.arguments), "" if by_name else m.id) for m in made]
    tied = [(p.name if by_name else p.id, p.value) for p in seen if p.kind == "result"]
    keys = names if by_name else [one.id for one in made]
    texts = [p.value for p in seen if p.kind == "text"]
    require(
        Wire.UPSTREAM,
        {
            "calls": (wanted, said),
            "results": (list(zip(keys, ["R0", "R1"], strict=True)), tied),
            "texts": ([USER["content"], *([text] if text else [])], texts),
        },
    )


def as_message(answer):
    """The assistant message that a client appends: the body's own, or what it made of a stream."""
    if not answer.streamed:
        return dig(answer.documents[0], "choices.0.message")
    made = [call(one.id, one.name, one.arguments) for one in answer.tool_calls]
    return {"role": "assistant", "content": answer.text, "tool_calls": made}
