"""Anthropic messages, as the provider answers them.

Rules: https://platform.claude.com/docs/en/api/messages (body, stop reasons, usage),
https://platform.claude.com/docs/en/build-with-claude/streaming (events) and
https://platform.claude.com/docs/en/api/errors (error types).
"""

from __future__ import annotations

from typing import Any

from harness.upstream.dialects.base import (
    STREAM_FAILURE,
    Asked,
    EventStream,
    Feature,
    arguments_object,
    compact,
    native_finish,
    parsed,
    pieces,
    require,
    sse,
)
from harness.upstream.script import Choice, Completion, Failure, ToolCall, Usage
from harness.verdicts import HarnessError
from harness.wire.exchange import Request

ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
OWN_STOP_REASONS = frozenset(
    {
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
    }
)
SIGNATURE = "c2NyaXB0ZWQgc2lnbmF0dXJl"  # base64, opaque to everyone but the provider


def usage_json(usage: Usage) -> dict[str, Any]:
    """``usage`` in Anthropic's shape, whose ``input_tokens`` excludes what a cache served."""
    out: dict[str, Any] = {
        "input_tokens": usage.prompt - (usage.cached or 0),
        "output_tokens": usage.completion,
    }
    if usage.cached is not None:
        out["cache_creation_input_tokens"] = 0
        out["cache_read_input_tokens"] = usage.cached
    if usage.reasoning is not None:
        out["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return out


class Anthropic:
    """The Anthropic Messages dialect.

    Every method that renders an answer raises ``HarnessError`` when the script uses what the
    dialect lacks (see ``features``).
    """

    name = "anthropic"
    model = "anthropic/claude-opus-4-6"
    key_header = "x-api-key"
    malformed_event = b"event: content_block_delta\ndata: {this is not JSON\n\n"
    lead_in = 3
    features: frozenset[Feature] = frozenset(
        {
            "cached",
            "raw_arguments",  # in streams only
            "reasoning",
            "reasoning_usage",
            "refusal",
            "stream_error_event",
            "terminator",
        }
    )

    def litellm_params(self, base: str, key: str) -> dict[str, Any]:
        return {"api_base": base, "api_key": key}

    def is_discovery(self, method: str, path: str) -> bool:
        return method == "GET" and path.endswith("/models")

    def discovery(self) -> bytes:
        return compact({"data": [], "has_more": False, "first_id": None, "last_id": None})

    def understand(self, request: Request, path: str) -> Asked | None:
        if request.method != "POST" or not path.endswith("/v1/messages"):
            return None
        body = parsed(request)
        return Asked(
            model=str(body.get("model", "")),
            stream=body.get("stream") is True,
            include_usage=True,
        )

    def body(self, answer: Completion, asked: Asked) -> bytes:
        require(self, answer)
        choice = answer.choices[0]
        out = self._message(answer, asked)
        out["content"] = [*_texts(choice), *(_tool_use(call) for call in choice.tool_calls)]
        out |= self._stop(choice)
        return compact({**out, **answer.extra})

    def _message(self, answer: Completion, asked: Asked) -> dict[str, Any]:
        """The message before anything is generated, with all of its usage."""
        return {
            "id": answer.id,
            "type": "message",
            "role": "assistant",
            "model": answer.model or asked.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_json(answer.usage or Usage()),
        }

    def _stop(self, choice: Choice) -> dict[str, Any]:
        if choice.refusal is not None:
            details = {"type": "refusal", "category": None, "explanation": choice.refusal}
            return {"stop_reason": "refusal", "stop_sequence": None, "stop_details": details}
        reason = native_finish(self, choice.finish, STOP_REASONS, OWN_STOP_REASONS)
        return {"stop_reason": reason, "stop_sequence": None}

    def stream(self, answer: Completion, asked: Asked) -> EventStream:
        require(self, answer)
        choice = answer.choices[0]
        message = {**self._message(answer, asked), **answer.extra}
        usage = message["usage"]
        # Counts in message_delta are cumulative; message_start knows only the input's.
        final = {k: usage[k] for k in ("output_tokens", "output_tokens_details") if k in usage}
        begun = {"output_tokens": min(1, usage["output_tokens"])}
        start = {k: v for k, v in usage.items() if k not in final} | begun
        events = [_event("message_start", message={**message, "usage": start})]
        for index, (block, deltas) in enumerate(_stream_blocks(choice)):
            events.append(_event("content_block_start", index=index, content_block=block))
            if index == 0:
                events.append(_event("ping"))
            events += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
            events.append(_event("content_block_stop", index=index))
        events.append(_event("message_delta", delta=self._stop(choice), usage=final))
        return EventStream(tuple(events), _event("message_stop"))

    def error(self, failure: Failure) -> bytes:
        require(self, failure)
        other = "api_error" if failure.status >= 500 else "invalid_request_error"
        kind = failure.kind or ERROR_TYPES.get(failure.status, other)
        return compact(_error(kind, failure.message))

    def error_event(self) -> bytes:
        return sse(_error("overloaded_error", STREAM_FAILURE), "error")


def _event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, kind)


def _error(kind: str, message: str) -> dict[str, Any]:
    error = {"type": kind, "message": message}
    return {"type": "error", "error": error, "request_id": "req_scripted"}


def _texts(choice: Choice) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if choice.reasoning is not None:
        blocks.append({"type": "thinking", "thinking": choice.reasoning, "signature": SIGNATURE})
    if choice.text is not None:
        blocks.append({"type": "text", "text": choice.text})
    return blocks


def _tool_use(call: ToolCall) -> dict[str, Any]:
    arguments = arguments_object(call)
    if arguments is None:
        raise HarnessError(
            "the anthropic dialect sends tool arguments as a JSON object unless it streams",
            fix="script arguments that are a JSON object, or run this case only with a stream",
            detail=call.arguments,
        )
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}


def _stream_blocks(choice: Choice) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each content block as it starts, empty, with the deltas that fill it."""
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if choice.reasoning is not None:
        thinking = [
            {"type": "thinking_delta", "thinking": piece} for piece in pieces(choice.reasoning)
        ]
        signed = {"type": "signature_delta", "signature": SIGNATURE}
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, [*thinking, signed]))
    if choice.text is not None:
        texts = [{"type": "text_delta", "text": piece} for piece in choice.deltas]
        blocks.append(({"type": "text", "text": ""}, texts))
    for call in choice.tool_calls:
        # The provider opens with an empty piece before the first that says something.
        parts = [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in ("", *pieces(call.arguments))
        ]
        blocks.append(({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, parts))
    return blocks
