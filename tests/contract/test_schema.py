"""The published schema as a judge: what it lets through, and how it names what it does not."""

import copy

import pytest

from harness.contract.fields import request_fields
from harness.contract.schema import (
    Kind,
    violations,
    violations_of_chunk,
    violations_of_completion,
    violations_of_error,
)

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
CALL = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1754000000,
    "model": "gpt-5.4",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": None,
                "refusal": None,
                "tool_calls": [CALL],
            },
            "logprobs": None,
            "finish_reason": "tool_calls",
        }
    ],
    "usage": USAGE,
    "system_fingerprint": None,
    "service_tier": "default",
}
CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1754000000,
    "model": "gpt-5.4",
    "choices": [
        {"index": 0, "delta": {"content": "a"}, "logprobs": None, "finish_reason": None},
    ],
    "usage": None,
    "system_fingerprint": None,
}
ERROR = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}
REQUEST = {
    "model": "gpt-5.4",
    "messages": [
        {"role": "developer", "content": "short"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "12:00"},
    ],
    "stop": None,
    "temperature": None,
    "tool_choice": "auto",
    "response_format": {"type": "json_object"},
}
SAMPLES = {
    Kind.COMPLETION: COMPLETION,
    Kind.CHUNK: CHUNK,
    Kind.ERROR: ERROR,
    Kind.REQUEST: REQUEST,
}
ABSENT = object()
FINISH_REASONS = "'stop', 'length', 'tool_calls', 'content_filter' or 'function_call'"


def changed(document, path, value):
    """A copy of ``document`` with ``value`` at a dotted path; ``ABSENT`` takes the key out."""
    copied = copy.deepcopy(document)
    here = copied
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in steps:
        here = here[step]
    if value is ABSENT:
        del here[last]
    else:
        here[last] = value
    return copied


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_good_document_passes(kind):
    assert violations(kind, SAMPLES[kind]) == []


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param({**CHUNK, "choices": [], "usage": USAGE}, id="usage"),
        pytest.param(changed(CHUNK, "choices.0.finish_reason", "stop"), id="last"),
        pytest.param(changed(CHUNK, "choices.0.logprobs", ABSENT), id="no logprobs"),
        pytest.param(changed(CHUNK, "usage", ABSENT), id="no usage"),
        pytest.param(changed(CHUNK, "choices.0.delta", {}), id="empty delta"),
        pytest.param(
            changed(
                CHUNK,
                "choices.0.delta",
                {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
            ),
            id="part of a tool call",
        ),
    ],
)
def test_every_sort_of_chunk_passes(chunk):
    assert violations_of_chunk(chunk) == []


def test_a_completion_without_logprobs_passes():
    assert violations_of_completion(changed(COMPLETION, "choices.0.logprobs", ABSENT)) == []


def test_fields_that_the_contract_does_not_know_pass():
    assert violations_of_completion({**COMPLETION, "provider": {"name": "x"}}) == []
    assert violations_of_chunk(changed(CHUNK, "choices.0.delta.reasoning_content", "hm")) == []
    assert violations_of_error(changed(ERROR, "error.provider_specific_fields", {})) == []


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("choices", ABSENT, "the body: 'choices' is a required property"),
        ("choices", None, "choices: should be array, is null"),
        ("created", "1754000000", "created: should be integer, is string"),
        ("object", "text", "object: should be 'chat.completion', is 'text'"),
        ("object", 7, "object: should be 'chat.completion', is integer"),
        ("usage", None, "usage: should be object, is null"),
        (
            "usage.total_tokens",
            ABSENT,
            "usage: 'total_tokens' is a required property",
        ),
        (
            "choices.0.message.refusal",
            ABSENT,
            "choices.0.message: 'refusal' is a required property",
        ),
        (
            "choices.0.message.content",
            [{"type": "text"}],
            "choices.0.message.content: should be string or null, is array",
        ),
        (
            "choices.0.finish_reason",
            None,
            f"choices.0.finish_reason: should be {FINISH_REASONS}, is null",
        ),
        (
            "choices.0.finish_reason",
            "end_turn",
            f"choices.0.finish_reason: should be {FINISH_REASONS}, is 'end_turn'",
        ),
        (
            "choices.0.logprobs",
            {"content": 1, "refusal": None},
            "choices.0.logprobs.content: should be array or null, is integer",
        ),
        (
            "choices.0.message.tool_calls",
            None,
            "choices.0.message.tool_calls: should be array, is null",
        ),
        (
            "choices.0.message.tool_calls.0.id",
            ABSENT,
            "choices.0.message.tool_calls.0: 'id' is a required property",
        ),
        (
            "choices.0.message.tool_calls.0.type",
            "tool_use",
            "choices.0.message.tool_calls.0.type: should be 'function' or 'custom', is 'tool_use'",
        ),
        (
            "choices.0.message.tool_calls.0.function.arguments",
            {},
            "choices.0.message.tool_calls.0.function.arguments: should be string, is object",
        ),
    ],
)
def test_a_bad_completion_is_named_in_one_line(path, value, line):
    assert violations_of_completion(changed(COMPLETION, path, value)) == [line]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("object", "chat.completion", "object: should be 'chat.completion.chunk', is 'chat.comp"),
        ("choices.0.delta", ABSENT, "choices.0: 'delta' is a required property"),
        ("choices.0.finish_reason", ABSENT, "choices.0: 'finish_reason' is a required property"),
        ("choices.0.finish_reason", "eos", "choices.0.finish_reason: should be 'stop', 'length', "),
        ("choices.0.logprobs", 1, "choices.0.logprobs: should be object or null, is integer"),
        ("usage", 0, "usage: should be object or null, is integer"),
        (
            "choices.0.delta",
            {"tool_calls": [{"id": "call_1"}]},
            "choices.0.delta.tool_calls.0: 'index' is a required property",
        ),
    ],
)
def test_a_bad_chunk_is_named_in_one_line(path, value, line):
    (seen,) = violations_of_chunk(changed(CHUNK, path, value))
    assert seen.startswith(line)


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        (changed(ERROR, "error.code", ABSENT), ["error: 'code' is a required property"]),
        (changed(ERROR, "error.code", 429), ["error.code: should be string or null, is integer"]),
        (changed(ERROR, "error.type", None), ["error.type: should be string, is null"]),
        ({"detail": "Not Found"}, ["the body: 'error' is a required property"]),
        ({"error": "no"}, ["error: should be object, is string"]),
        ([], ["the body: should be object, is array"]),
        ("no", ["the body: should be object, is string"]),
    ],
)
def test_a_bad_error_is_named(document, lines):
    assert violations_of_error(document) == lines


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("messages", [], "messages: should satisfy minItems 1"),
        ("temperature", 3, "temperature: should satisfy maximum 2"),
        ("model", 1, "model: should be string, is integer"),
        ("stop", 1, "stop: should be string, null or array, is integer"),
        ("messages.1.content.0.type", "image", "messages.1.content.0.type: should be 'text', "),
        ("messages.1.role", "bot", "messages.1.role: should be 'developer', 'system', 'user', "),
    ],
)
def test_a_bad_request_is_named_in_one_line(path, value, line):
    (seen,) = violations(Kind.REQUEST, changed(REQUEST, path, value))
    assert seen.startswith(line)


def test_lines_do_not_hold_values_that_change_from_run_to_run():
    first = {**COMPLETION, "created": "1754000001", "object": "run-81a4", "id": 5}
    second = {**COMPLETION, "created": "1754000002", "object": "run-93bb", "id": 6}
    assert violations_of_completion(first) == violations_of_completion(second)


def test_several_faults_are_all_named():
    bad = changed(changed(COMPLETION, "created", "1"), "choices.0.message.role", "user")
    assert violations_of_completion(bad) == [
        "choices.0.message.role: should be 'assistant', is 'user'",
        "created: should be integer, is string",
    ]


def test_the_documented_request_fields_are_all_found():
    fields = request_fields()
    assert list(fields) == sorted(fields)
    # One of each part of the request's allOf, so that losing a part shows.
    assert {"messages", "prompt_cache_options", "temperature", "user"} <= set(fields)
    assert fields["max_tokens"]["deprecated"] is True
    assert fields["service_tier"]["anyOf"][1] == {"type": "null"}  # a reference, resolved
    assert len(fields["top_logprobs"]["allOf"]) == 3  # described in all three parts
