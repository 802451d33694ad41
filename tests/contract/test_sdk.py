"""What the official SDK's models say, and what a user of the official SDK gets."""

import gzip
import json

import pytest

from harness.contract.schema import Kind
from harness.contract.sdk import SdkReading, ToolCall, model_violations, read
from harness.verdicts import Wire
from harness.wire.exchange import Chunk, Headers, Response

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
MESSAGE = {"role": "assistant", "content": "hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1754000000,
    "model": "gpt-5.4",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
    "usage": USAGE,
}


def chunk(delta, finish_reason=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {**COMPLETION, "object": "chat.completion.chunk", "choices": [choice], **more}


def call_part(index, arguments, **more):
    name = {"name": more.pop("name")} if "name" in more else {}
    return {"index": index, **more, "function": {**name, "arguments": arguments}}


CHUNKS = [
    chunk({"role": "assistant", "content": ""}, usage=None),
    chunk({"content": "hé"}, usage=None),
    chunk({"content": "llo"}, usage=None),
    chunk({"tool_calls": [call_part(0, "", id="call_1", type="function", name="now")]}, usage=None),
    chunk(
        {"tool_calls": [call_part(1, "{}", id="call_2", type="function", name="here")]}, usage=None
    ),
    chunk({"tool_calls": [call_part(0, '{"a":')]}, usage=None),
    chunk({"tool_calls": [call_part(0, "1}")]}, usage=None),
    chunk({}, "tool_calls", usage=None),
    {**chunk({}), "choices": [], "usage": USAGE},
]
READING = SdkReading(
    text="héllo",
    finish_reasons=("tool_calls",),
    tool_calls=(ToolCall("call_1", "now", '{"a":1}'), ToolCall("call_2", "here", "{}")),
    usage=USAGE,
    ids=("chatcmpl-1",),
    parts=9,
)


def response(body, *, status=200, kind="application/json", width=0, broken=None, encoding=None):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    pieces = [body[i : i + width] for i in range(0, len(body), width)] if width else [body]
    lines = [("content-type", kind), ("Transfer-Encoding", "chunked"), ("Connection", "close")]
    if encoding:
        lines.append(("Content-Encoding", encoding))
    return Response(
        wire=Wire.CLIENT,
        headers=Headers(tuple(lines)),
        status=status,
        chunks=[Chunk(0.0, piece) for piece in pieces],
        broken=broken,
    )


def sse(documents, *, end="\n", done=True, before=""):
    lines = [json.dumps(document, ensure_ascii=False) for document in documents]
    lines += ["[DONE]"] if done else []
    return "".join(f"{before}data: {line}{end}{end}" for line in lines).encode()


def streamed(body, **more):
    return response(body, kind="text/event-stream", **more)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("width", [0, 1, 7])
def test_a_stream_is_read_however_it_is_cut(end, width):
    assert read(streamed(sse(CHUNKS, end=end), width=width), stream=True) == READING


def test_heartbeats_are_not_content():
    body = b": ping\n\n" + sse(CHUNKS, before=": ping\n")
    assert read(streamed(body), stream=True) == READING


def test_a_content_encoding_is_undone_as_in_real_life():
    body = streamed(gzip.compress(sse(CHUNKS)), width=5, encoding="gzip")
    assert read(body, stream=True) == READING


def test_a_completion_is_read():
    custom = {"id": "call_2", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    message = {**MESSAGE, "tool_calls": [CALL, custom]}
    choices = [
        {"index": 0, "message": message, "finish_reason": "tool_calls"},
        {"index": 1, "message": MESSAGE, "finish_reason": "stop"},
    ]
    assert read(response({**COMPLETION, "choices": choices}), stream=False) == SdkReading(
        text="hi",
        finish_reasons=("tool_calls", "stop"),
        tool_calls=(ToolCall("call_1", "now", "{}"), ToolCall("call_2", "sh", "ls")),
        usage=USAGE,
        ids=("chatcmpl-1",),
        parts=1,
    )


def test_a_changing_id_and_a_second_finish_show():
    reading = read(
        streamed(sse([chunk({}, "stop"), {**chunk({}, "stop"), "id": "other"}])), stream=True
    )
    assert reading.ids == ("chatcmpl-1", "other")
    assert reading.finish_reasons == ("stop", "stop")


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_status_is_the_exception_a_user_gets(stream):
    body = {"error": {"message": "slow", "type": "rate", "param": "n", "code": "429"}}
    error = read(response(body, status=429), stream=stream).error
    assert error is not None
    assert (error.name, error.status, error.code) == ("RateLimitError", 429, "429")
    assert (error.type, error.param) == ("rate", "n")
    assert "slow" in error.message


def test_an_error_event_ends_the_stream_and_keeps_what_came_before():
    body = sse([*CHUNKS[:2], {"error": {"message": "boom", "type": "x"}}], done=False)
    reading = read(streamed(body), stream=True)
    assert reading.text == "hé"
    assert reading.error is not None
    assert (reading.error.name, reading.error.message) == ("APIError", "boom")


@pytest.mark.parametrize("stream", [True, False])
def test_a_broken_body_breaks_here_too(stream):
    body = sse(CHUNKS[:2], done=False) if stream else b'{"id": "chatcmpl-1", '
    recorded = response(body, kind="text/event-stream" if stream else "application/json")
    recorded.broken = "peer closed the connection"
    reading = read(recorded, stream=stream)
    assert reading.text == ("hé" if stream else "")
    assert reading.error is not None
    assert reading.error.name == "APIConnectionError"


@pytest.mark.parametrize(
    ("recorded", "stream", "name"),
    [
        pytest.param(response(b"{bad"), False, "JSONDecodeError", id="bad JSON"),
        pytest.param(streamed(b"data: {bad\n\n"), True, "JSONDecodeError", id="bad event"),
        pytest.param(response(b"hi", kind="text/plain"), False, "AttributeError", id="text"),
        pytest.param(response({"choices": None}), False, "TypeError", id="choices null"),
        pytest.param(
            response(b"<html>", status=502, kind="text/html"),
            False,
            "InternalServerError",
            id="502",
        ),
    ],
)
def test_what_the_sdk_cannot_use_is_an_error_of_the_reading(recorded, stream, name):
    error = read(recorded, stream=stream).error
    assert error is not None
    assert error.name == name


def test_a_completion_where_a_stream_was_asked_for_gives_the_user_nothing():
    assert read(response(COMPLETION), stream=True) == SdkReading()


def test_the_environment_of_the_user_does_not_change_the_reading(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    assert read(streamed(sse(CHUNKS)), stream=True) == READING


def test_the_models_tolerate_what_the_schema_requires():
    assert model_violations(Kind.COMPLETION, COMPLETION) == []
    assert model_violations(Kind.ERROR, {"error": {"message": "no", "type": "x"}}) == []
    assert all(model_violations(Kind.CHUNK, document) == [] for document in CHUNKS)


@pytest.mark.parametrize(
    ("kind", "document", "lines"),
    [
        (
            Kind.COMPLETION,
            {**COMPLETION, "created": "1754000000"},
            ["created: Input should be a valid integer"],
        ),
        (
            Kind.CHUNK,
            {**CHUNKS[0], "object": "chat.completion"},
            ["object: Input should be 'chat.completion.chunk'"],
        ),
        (Kind.CHUNK, {**CHUNKS[0], "choices": None}, ["choices: Input should be a valid list"]),
        (Kind.ERROR, {"error": {"type": "x"}}, ["error.message: Field required"]),
        (
            Kind.ERROR,
            {"detail": "no"},
            ["error: Input should be a valid dictionary or instance of ErrorObject"],
        ),
    ],
)
def test_the_models_name_what_they_reject(kind, document, lines):
    assert model_violations(kind, document) == lines


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ({**CALL, "id": None}, ["id: Input should be a valid string"]),
        ({**CALL, "type": "x"}, ["type: Input should be 'function'", "type: Input should be 'cu"]),
        ({"id": "a", "function": CALL["function"]}, ["type: Field required"]),
        ({**CALL, "function": {"name": "now"}}, ["function.arguments: Field required"]),
        ({"id": "a", "type": "custom", "custom": {"name": "sh"}}, ["custom.input: Field required"]),
    ],
)
def test_the_models_speak_of_the_sort_of_tool_call_that_was_meant(call, lines):
    message = {**MESSAGE, "tool_calls": [call]}
    choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
    seen = model_violations(Kind.COMPLETION, {**COMPLETION, "choices": choices})
    assert len(seen) == len(lines)
    for line, start in zip(seen, lines, strict=True):
        assert line.startswith(f"choices.0.message.tool_calls.0.{start}")
