"""What the dialects put on the wire: whole and streamed answers must say the same."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessage

from harness.upstream.dialects.base import Asked, dealt, needs
from harness.upstream.dialects.registry import DIALECTS
from harness.upstream.script import (
    Answer,
    Choice,
    Completion,
    TokenLogprob,
    ToolCall,
    Usage,
    calls,
    choices,
    fails,
    says,
)
from harness.verdicts import HarnessError, Wire
from harness.wire.exchange import Chunk, Headers, Request
from harness.wire.sse import Event, read_events

WEATHER = ToolCall("get_weather", '{"city":"Malmö","days":3}', "call_a")
CLOCK = ToolCall("get_time", '{"tz":"Europe/Stockholm"}', "call_b")
LOGPROBS = (
    TokenLogprob("Hel", -0.25, (("Hel", -0.25), ("Ha", -2.0))),
    TokenLogprob("lo ", -0.5, (("lo ", -0.5),)),
    TokenLogprob("you", -0.75, (("you", -0.75),)),
)
SCRIPTS: dict[str, Completion] = {
    "text": says("Hello there, ünïcode friend. "),
    "empty": says(""),
    "length": says("Cut off he", finish="length"),
    "cached": says("Hi", usage=Usage(100, 20, cached=60, reasoning=8)),
    "tools": calls(WEATHER, CLOCK),
    "tool without arguments": calls(ToolCall("ping", "")),
    "tools after text": calls(WEATHER, CLOCK, text="Let me look."),
    "reasoning": says("Forty two", reasoning="Let me think about it."),
    "reasoning, tools": Completion(
        (Choice(reasoning="Tools, then.", tool_calls=(WEATHER, CLOCK), finish="tool_calls"),)
    ),
    "filtered": says("Partial te", finish="content_filter"),
    "refusal": says(None, refusal="I cannot help with that."),
    "two choices": choices("one way", "another way"),
    "logprobs": says(pieces=("Hel", "lo ", "you"), logprobs=LOGPROBS),
    "no usage": says("Hi", usage=None),
    "no choices": Completion(()),
    "other model": says("Hi", model="another-2026-01-01"),
}


def scripts_for(dialect: str) -> list[Any]:
    features = DIALECTS[dialect].features
    return [
        pytest.param(answer, id=name)
        for name, answer in SCRIPTS.items()
        if needs(answer) <= features
    ]


def whole(dialect: str, answer: Completion) -> Any:
    return json.loads(DIALECTS[dialect].body(answer, Asked("asked-model", stream=False)))


def events_of(dialect: str, answer: Completion) -> list[Event]:
    stream = DIALECTS[dialect].stream(answer, Asked("asked-model", True, include_usage=True))
    wire = b"".join(stream.events) + stream.terminator
    events, rest = read_events([Chunk(0.0, wire)])
    assert rest == ""
    return events


@pytest.mark.parametrize("answer", scripts_for("openai"))
def test_openai_sdk_models_accept_answer_and_chunks(answer: Completion) -> None:
    body = DIALECTS["openai"].body(answer, Asked("asked-model", stream=False))
    if answer.usage is not None:
        ChatCompletion.model_validate_json(body, strict=True)
    *chunks, done = events_of("openai", answer)
    assert done.data == "[DONE]"
    for chunk in chunks:
        ChatCompletionChunk.model_validate_json(chunk.data, strict=True)


@pytest.mark.parametrize("answer", scripts_for("openai"))
def test_openai_sdk_reads_the_same_message_from_stream_and_body(answer: Completion) -> None:
    if not answer.choices:
        pytest.skip("the SDK's accumulator needs a choice")

    def serve(request: httpx2.Request) -> httpx2.Response:
        asked = Asked("asked-model", json.loads(request.content).get("stream", False), True)
        if not asked.stream:
            return httpx2.Response(200, content=DIALECTS["openai"].body(answer, asked))
        stream = DIALECTS["openai"].stream(answer, asked)
        content = b"".join(stream.events) + stream.terminator
        return httpx2.Response(200, content=content, headers={"content-type": stream.content_type})

    asked: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
    transport = httpx2.MockTransport(serve)
    with (
        httpx2.Client(transport=transport) as http,
        openai.OpenAI(api_key="k", base_url="http://upstream", http_client=http) as client,
    ):
        plain = client.chat.completions.create(**asked)
        with client.chat.completions.stream(**asked) as stream:
            for _ in stream:
                pass
            folded = stream.current_completion_snapshot
    assert folded.usage == plain.usage
    for got, want in zip(folded.choices, plain.choices, strict=True):
        assert got.finish_reason == want.finish_reason
        assert got.logprobs == want.logprobs
        assert (got.message.content or None) == (want.message.content or None)
        assert got.message.refusal == want.message.refusal
        assert tool_calls(got.message) == tool_calls(want.message)


def tool_calls(message: ChatCompletionMessage) -> list[Any]:
    return [
        (call.id, call.function.name, call.function.arguments)
        for call in message.tool_calls or []
        if call.type == "function"
    ]


FILLED_BY = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("json", "partial_json"),
}


def folded_anthropic(events: list[Event]) -> dict[str, Any]:
    """The message that the events build up, by the rules of the streaming guide."""
    message: dict[str, Any] = {}
    for event in events:
        data = json.loads(event.data)
        assert data["type"] == event.name
        if event.name == "message_start":
            message = data["message"]
        elif event.name == "content_block_start":
            assert data["index"] == len(message["content"])
            message["content"].append(data["content_block"])
        elif event.name == "content_block_delta":
            block, delta = message["content"][data["index"]], data["delta"]
            field, source = FILLED_BY[delta["type"]]
            block[field] = block.get(field, "") + delta[source]
        elif event.name == "message_delta":
            message |= data["delta"]
            message["usage"] |= data["usage"]
    for block in message["content"]:
        if text := block.pop("json", None):
            block["input"] = json.loads(text)
    return message


@pytest.mark.parametrize("answer", scripts_for("anthropic"))
def test_anthropic_stream_folds_to_the_body(answer: Completion) -> None:
    events = events_of("anthropic", answer)
    assert folded_anthropic(events) == whole("anthropic", answer)
    assert [event.name for event in (events[0], events[-1])] == ["message_start", "message_stop"]
    assert [event.name for event in events].count("ping") <= 1


def test_anthropic_counts_the_prompt_without_what_the_cache_served() -> None:
    assert whole("anthropic", SCRIPTS["cached"])["usage"] == {
        "input_tokens": 40,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 60,
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 8},
    }


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_anthropic_stop_reasons(finish: str, reason: str) -> None:
    assert whole("anthropic", says("Hi", finish=finish))["stop_reason"] == reason


def test_anthropic_refusal_ends_with_its_explanation() -> None:
    message = whole("anthropic", SCRIPTS["refusal"])
    assert message["stop_reason"] == "refusal"
    assert message["stop_details"]["explanation"] == "I cannot help with that."
    assert message["content"] == []


def test_anthropic_streams_arguments_that_are_not_json_but_has_no_whole_form_for_them() -> None:
    broken = calls(ToolCall("f", '{"city":"Mal'))
    deltas = [json.loads(event.data).get("delta", {}) for event in events_of("anthropic", broken)]
    assert "".join(delta.get("partial_json", "") for delta in deltas) == '{"city":"Mal'
    with pytest.raises(HarnessError, match="JSON object unless it streams"):
        whole("anthropic", broken)


def folded_gemini(events: list[Event]) -> dict[str, Any]:
    """One response of all chunks: parts in a row, neighbouring texts joined, the last counts."""
    out: dict[str, Any] = {}
    candidates: dict[int, dict[str, Any]] = {}
    for event in events:
        assert event.name == "message"
        chunk = json.loads(event.data)
        for candidate in chunk.pop("candidates", []):
            so_far = candidates.setdefault(candidate["index"], {})
            parts = so_far.get("content", {}).get("parts", [])
            for part in candidate.get("content", {}).get("parts", []):
                if parts and parts[-1].keys() == part.keys() == {"text"}:
                    parts[-1]["text"] += part["text"]
                else:
                    parts.append(part)
            so_far |= candidate
            if parts:
                so_far["content"] = {"parts": parts, "role": "model"}
        out |= chunk
    return {"candidates": list(candidates.values()), **out} if candidates else out


@pytest.mark.parametrize("answer", scripts_for("gemini"))
def test_gemini_stream_folds_to_the_body(answer: Completion) -> None:
    if answer is SCRIPTS["logprobs"]:
        pytest.skip("log probabilities are per chunk; they have a test of their own")
    want = whole("gemini", answer)
    if answer is SCRIPTS["empty"]:
        del want["candidates"][0]["content"]  # a stream has no chunk for no text
    assert folded_gemini(events_of("gemini", answer)) == want


def test_gemini_ends_with_its_last_content_and_counts_the_completion_only_there() -> None:
    *early, last = (json.loads(event.data) for event in events_of("gemini", SCRIPTS["tools"]))
    assert all("finishReason" not in chunk["candidates"][0] for chunk in early)
    assert all("candidatesTokenCount" not in chunk["usageMetadata"] for chunk in early)
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert last["candidates"][0]["content"]["parts"][0]["functionCall"] == {
        "id": "call_b",
        "name": "get_time",
        "args": {"tz": "Europe/Stockholm"},
    }


def test_gemini_counts_thoughts_apart_from_candidates() -> None:
    usage = whole("gemini", SCRIPTS["cached"])["usageMetadata"]
    assert usage["promptTokenCount"] == 100
    assert usage["cachedContentTokenCount"] == 60
    assert usage["candidatesTokenCount"] == 12
    assert usage["thoughtsTokenCount"] == 8
    assert usage["totalTokenCount"] == 120


def test_gemini_log_probabilities_travel_with_their_text() -> None:
    chunks = [json.loads(event.data) for event in events_of("gemini", SCRIPTS["logprobs"])]
    chosen = [
        chunk["candidates"][0]["logprobsResult"]["chosenCandidates"][0]["token"] for chunk in chunks
    ]
    assert chosen == ["Hel", "lo ", "you"]
    result = whole("gemini", SCRIPTS["logprobs"])["candidates"][0]
    assert result["avgLogprobs"] == -0.5
    assert len(result["logprobsResult"]["topCandidates"][0]["candidates"]) == 2


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (ToolCall("f", id=""), {"name": "f", "args": {}}),
        (ToolCall("f", "", id="call_a"), {"name": "f", "id": "call_a"}),
    ],
)
def test_gemini_leaves_out_what_a_call_does_not_have(
    call: ToolCall, function: dict[str, Any]
) -> None:
    part = whole("gemini", calls(call))["candidates"][0]["content"]["parts"][0]
    assert part == {"functionCall": function}


@pytest.mark.parametrize(
    ("dialect", "status", "where", "word"),
    [
        ("openai", 429, ("error", "type"), "rate_limit_error"),
        ("openai", 503, ("error", "type"), "server_error"),
        ("anthropic", 400, ("error", "type"), "invalid_request_error"),
        ("anthropic", 413, ("error", "type"), "request_too_large"),
        ("anthropic", 500, ("error", "type"), "api_error"),
        ("anthropic", 529, ("error", "type"), "overloaded_error"),
        ("gemini", 400, ("error", "status"), "INVALID_ARGUMENT"),
        ("gemini", 429, ("error", "status"), "RESOURCE_EXHAUSTED"),
        ("gemini", 504, ("error", "status"), "DEADLINE_EXCEEDED"),
    ],
)
def test_errors_have_the_type_of_their_status(
    dialect: str, status: int, where: tuple[str, str], word: str
) -> None:
    body = json.loads(DIALECTS[dialect].error(fails(status, "No.")))
    assert body[where[0]][where[1]] == word
    assert body["error"]["message"] == "No."
    other = json.loads(DIALECTS[dialect].error(fails(status, kind="special")))
    assert other[where[0]][where[1]] == "special"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_error_inside_a_stream_is_one_json_event_and_a_malformed_one_is_not(
    dialect: str,
) -> None:
    [event], rest = read_events([Chunk(0.0, DIALECTS[dialect].error_event())])
    assert rest == ""
    assert json.loads(event.data)["error"]["message"]
    [event], rest = read_events([Chunk(0.0, DIALECTS[dialect].malformed_event)])
    assert rest == ""
    with pytest.raises(json.JSONDecodeError):
        json.loads(event.data)


@pytest.mark.parametrize(
    ("dialect", "answer", "feature"),
    [
        ("anthropic", choices("a", "b"), "n"),
        ("anthropic", SCRIPTS["logprobs"], "logprobs"),
        ("anthropic", SCRIPTS["no usage"], "no_usage"),
        ("anthropic", SCRIPTS["no choices"], "no_choices"),
        ("gemini", SCRIPTS["refusal"], "refusal"),
        ("gemini", calls(ToolCall("f", "[1]")), "raw_arguments"),
        ("gemini", says("Hi").without_terminator(), "terminator"),
        ("gemini", fails(400, code="context_length_exceeded"), "error_code"),
        ("anthropic", fails(400, param="messages"), "error_param"),
    ],
)
def test_what_a_dialect_cannot_express_is_refused_by_name(
    dialect: str, answer: Answer, feature: str
) -> None:
    with pytest.raises(HarnessError, match=f"the {dialect} dialect cannot express {feature}"):
        render(dialect, answer)


def render(dialect: str, answer: Answer) -> None:
    if isinstance(answer, Completion):
        whole(dialect, answer)
    else:
        DIALECTS[dialect].error(answer)


@pytest.mark.parametrize("dialect", ["anthropic", "gemini"])
def test_a_finish_reason_of_no_dialect_is_refused(dialect: str) -> None:
    with pytest.raises(HarnessError, match="no finish reason for 'tired'"):
        whole(dialect, says("Hi", finish="tired"))


@pytest.mark.parametrize(
    ("dialect", "target", "body", "expected"),
    [
        ("openai", "/v1/chat/completions", {"model": "m"}, Asked("m", False)),
        (
            "openai",
            "/v1/chat/completions",
            {"model": "m", "stream": True, "stream_options": {"include_usage": True}},
            Asked("m", True, True),
        ),
        ("openai", "/v1/embeddings", {"model": "m"}, None),
        ("anthropic", "/v1/messages", {"model": "m", "stream": True}, Asked("m", True, True)),
        ("anthropic", "/v1/messages/count_tokens", {"model": "m"}, None),
        ("gemini", "/v1beta/models/m:generateContent", {}, Asked("m", False, True)),
        ("gemini", "/v1beta/models/m:streamGenerateContent?alt=sse", {}, Asked("m", True, True)),
        ("gemini", "/v1beta/models/m:streamGenerateContent", {}, None),
        ("gemini", "/v1beta/models/m:countTokens", {}, None),
    ],
)
def test_generation_requests_are_told_from_others(
    dialect: str, target: str, body: dict[str, Any], expected: Asked | None
) -> None:
    request = Request(
        wire=Wire.UPSTREAM,
        headers=Headers(),
        method="POST",
        target=f"/case/deployment{target}",
        content=json.dumps(body).encode(),
    )
    assert DIALECTS[dialect].understand(request, target.partition("?")[0]) == expected


@pytest.mark.parametrize(
    ("hands", "sizes"), [(0, []), (1, [3]), (2, [1, 2]), (3, [1, 1, 1]), (4, [1, 1, 1, 0])]
)
def test_log_probabilities_are_dealt_one_to_a_delta(hands: int, sizes: list[int]) -> None:
    assert [len(hand) for hand in dealt(LOGPROBS, hands)] == sizes
