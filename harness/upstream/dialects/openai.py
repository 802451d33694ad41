"""OpenAI chat completions, as a provider answers them.

Rule: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.upstream.dialects.base import (
    STREAM_FAILURE,
    Asked,
    EventStream,
    Feature,
    compact,
    dealt,
    interleaved,
    parsed,
    pieces,
    sse,
)
from harness.upstream.script import Choice, Completion, Failure, TokenLogprob, Usage
from harness.wire.exchange import Request

CREATED = 1_700_000_000
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


def usage_json(usage: Usage) -> dict[str, Any]:
    """``usage`` in OpenAI's shape; details only where the script names them."""
    out: dict[str, Any] = {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
    }
    if usage.cached is not None:
        out["prompt_tokens_details"] = {"cached_tokens": usage.cached, "audio_tokens": 0}
    if usage.reasoning is not None:
        out["completion_tokens_details"] = {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        }
    return out


def _logprob(entry: TokenLogprob) -> dict[str, Any]:
    def one(token: str, logprob: float) -> dict[str, Any]:
        return {"token": token, "logprob": logprob, "bytes": list(token.encode())}

    return {**one(entry.token, entry.logprob), "top_logprobs": [one(t, p) for t, p in entry.top]}


def _logprobs(tokens: Sequence[TokenLogprob]) -> dict[str, Any] | None:
    return {"content": [_logprob(entry) for entry in tokens], "refusal": None} if tokens else None


class OpenAI:
    """The OpenAI-compatible dialect."""

    name = "openai"
    model = "openai/gpt-4o"
    key_header = "authorization"
    malformed_event = b"data: {this is not JSON\n\n"
    lead_in = 1
    features: frozenset[Feature] = frozenset(
        {
            "cached",
            "error_code",
            "error_param",
            "logprobs",
            "n",
            "no_choices",
            "no_usage",
            "raw_arguments",
            "reasoning",
            "reasoning_usage",
            "refusal",
            "stream_error_event",
            "system_fingerprint",
            "terminator",
        }
    )

    def litellm_params(self, base: str, key: str) -> dict[str, Any]:
        return {"api_base": f"{base}/v1", "api_key": key}

    def is_discovery(self, method: str, path: str) -> bool:
        return method == "GET" and path.endswith("/models")

    def discovery(self) -> bytes:
        return compact({"object": "list", "data": []})

    def understand(self, request: Request, path: str) -> Asked | None:
        if request.method != "POST" or not path.endswith("/chat/completions"):
            return None
        body = parsed(request)
        options = body.get("stream_options")
        return Asked(
            model=str(body.get("model", "")),
            stream=body.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    def body(self, answer: Completion, asked: Asked) -> bytes:
        out: dict[str, Any] = {
            "id": answer.id,
            "object": "chat.completion",
            "created": CREATED,
            "model": answer.model or asked.model,
            "choices": [self._choice(i, choice) for i, choice in enumerate(answer.choices)],
            "system_fingerprint": "fp_scripted",
        }
        if answer.usage is not None:
            out["usage"] = usage_json(answer.usage)
        return compact({**out, **answer.extra})

    def _choice(self, index: int, choice: Choice) -> dict[str, Any]:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": choice.text,
            "refusal": choice.refusal,
        }
        if choice.reasoning is not None:
            message["reasoning_content"] = choice.reasoning
        if choice.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in choice.tool_calls
            ]
        return {
            "index": index,
            "message": message,
            "logprobs": _logprobs(choice.logprobs),
            "finish_reason": choice.finish,
        }

    def stream(self, answer: Completion, asked: Asked) -> EventStream:
        def chunk(
            index: int, delta: dict[str, Any], finish: str | None = None, logprobs: Any = None
        ) -> bytes:
            choice = {
                "index": index,
                "delta": delta,
                "logprobs": logprobs,
                "finish_reason": finish,
            }
            return sse(self._chunk(answer, asked, [choice]))

        lanes: list[list[bytes]] = []
        for index, choice in enumerate(answer.choices):
            lane = [chunk(index, {"role": "assistant", "content": "", "refusal": None})]
            if choice.reasoning:
                lane.append(chunk(index, {"reasoning_content": choice.reasoning}))
            shown = dealt(choice.logprobs, len(choice.deltas))
            for piece, tokens in zip(choice.deltas, shown, strict=True):
                lane.append(chunk(index, {"content": piece}, logprobs=_logprobs(tokens)))
            if choice.refusal:
                lane.append(chunk(index, {"refusal": choice.refusal}))
            lane += [chunk(index, delta) for delta in _tool_deltas(choice)]
            lane.append(chunk(index, {}, choice.finish))
            lanes.append(lane)
        events = interleaved(lanes)
        if asked.include_usage and answer.usage is not None:
            last = self._chunk(answer, asked, [])
            events.append(sse({**last, "usage": usage_json(answer.usage)}))
        return EventStream(tuple(events), sse("[DONE]"))

    def _chunk(self, answer: Completion, asked: Asked, chunk_choices: list[Any]) -> dict[str, Any]:
        out: dict[str, Any] = {
            "id": answer.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": answer.model or asked.model,
            "system_fingerprint": "fp_scripted",
            "choices": chunk_choices,
        }
        if asked.include_usage:
            out["usage"] = None
        return {**out, **answer.extra}

    def error(self, failure: Failure) -> bytes:
        kind = failure.kind or ERROR_TYPES.get(
            failure.status, "server_error" if failure.status >= 500 else "invalid_request_error"
        )
        return compact(
            {
                "error": {
                    "message": failure.message,
                    "type": kind,
                    "param": failure.param,
                    "code": failure.code,
                }
            }
        )

    def error_event(self) -> bytes:
        error = {
            "message": STREAM_FAILURE,
            "type": "server_error",
            "param": None,
            "code": None,
        }
        return sse(json.dumps({"error": error}))


def _tool_deltas(choice: Choice) -> list[dict[str, Any]]:
    """A head per call, then its arguments in pieces of seven characters."""
    deltas: list[dict[str, Any]] = []
    for index, call in enumerate(choice.tool_calls):
        head = {"name": call.name, "arguments": ""}
        deltas.append(
            {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": head}]}
        )
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in pieces(call.arguments)
        ]
    return deltas
