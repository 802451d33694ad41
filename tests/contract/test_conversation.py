"""A conversation reads the same whatever the dialect, and differs where it matters."""

from __future__ import annotations

import pytest

from harness.contract.conversation import arrived, camel, expected
from harness.contract.references import inlined, nullable
from harness.verdicts import Violation

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x_y": 1}'}}
MESSAGES = [
    {"role": "system", "content": "S"},
    {"role": "user", "content": "U"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "R"},
    {"role": "user", "content": [{"type": "text", "text": "V"}]},
]
ANTHROPIC = {
    "system": "S",
    "messages": [
        {"role": "user", "content": "U"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {"x_y": 1}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "R"}]},
        {"role": "user", "content": [{"type": "text", "text": "V"}]},
    ],
}
GEMINI = {
    "system_instruction": {"parts": [{"text": "S"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "U"}]},
        {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"x_y": 1}}}]},
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"content": "R"}}},
                {"text": "V"},
            ],
        },
    ],
}
BODIES = {"openai": {"messages": MESSAGES}, "anthropic": ANTHROPIC, "gemini": GEMINI}


@pytest.mark.parametrize("dialect", BODIES)
def test_the_same_conversation_is_equal(dialect):
    assert arrived(dialect, BODIES[dialect]).outline == expected(dialect, MESSAGES).outline


@pytest.mark.parametrize("dialect", BODIES)
@pytest.mark.parametrize("lost", range(len(MESSAGES)))
def test_another_conversation_is_not(dialect, lost):
    fewer = [message for n, message in enumerate(MESSAGES) if n != lost]
    assert arrived(dialect, BODIES[dialect]).outline != expected(dialect, fewer).outline


@pytest.mark.parametrize(
    "body", [{"messages": [{"role": "user"}], "contents": [{}]}, {"messages": 1}]
)
@pytest.mark.parametrize("dialect", ["anthropic"])
def test_what_is_no_request_is_a_violation(dialect, body):
    with pytest.raises(Violation, match="a request of the anthropic API"):
        arrived(dialect, body)


def test_keys_of_the_user_stay():
    body = {"generation_config": {"top_k": 1}, "tools": [{"parameters": {"my_key": 1}}]}
    assert camel(body) == {
        "generationConfig": {"topK": 1},
        "tools": [{"parameters": {"my_key": 1}}],
    }


def test_references_are_resolved_unless_they_lead_nowhere_or_round():
    schema = {
        "$defs": {"a": {"type": "string"}, "b": {"items": {"$ref": "#/$defs/b"}}},
        "properties": {
            "a": {"$ref": "#/$defs/a"},
            "b": {"$ref": "#/$defs/b"},
            "c": {"$ref": "#/$defs/c"},
        },
    }
    assert inlined(schema) == {
        "properties": {
            "a": {"type": "string"},
            "b": {"items": {"$ref": "#/$defs/b"}},
            "c": {"$ref": "#/$defs/c"},
        }
    }


def test_or_null_is_nullable():
    assert nullable({"anyOf": [{"type": "string"}, {"type": "null"}]}) == {
        "type": "string",
        "nullable": True,
    }
    assert nullable({"anyOf": [{"type": "string"}, {"type": "integer"}]}) == {
        "anyOf": [{"type": "string"}, {"type": "integer"}]
    }
