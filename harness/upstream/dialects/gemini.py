"""Gemini content generation, as the provider answers it.

Rules: https://ai.google.dev/api/generate-content (body, finish reasons, usage, logprobs; the
stream is that body in parts, without an end mark),
https://ai.google.dev/gemini-api/docs/thought-signatures (which part carries one) and
https://ai.google.dev/gemini-api/docs/troubleshooting with
https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto (error statuses).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harness.upstream.dialects.base import (
    STREAM_FAILURE,
    Asked,
    EventStream,
    Feature,
    arguments_object,
    compact,
    dealt,
    interleaved,
    native_finish,
    require,
    sse,
)
from harness.upstream.script import Choice, Completion, Failure, TokenLogprob, Usage
from harness.wire.exchange import Request

ERROR_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
FINISH_REASONS = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
}
OWN_FINISH_REASONS = frozenset(
    {
        "STOP",
        "MAX_TOKENS",
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
    }
)
SIGNATURE = "c2NyaXB0ZWQgc2lnbmF0dXJl"  # base64, opaque to everyone but the provider


def usage_json(usage: Usage, *, final: bool = True) -> dict[str, Any]:
    """``usage`` in Gemini's shape, whose candidates' count excludes thoughts.

    ``final=False`` is what a stream says before its last chunk: only the prompt's count.
    """
    prompt: dict[str, Any] = {
        "promptTokenCount": usage.prompt,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}],
    }
    if usage.cached is not None:
        prompt["cachedContentTokenCount"] = usage.cached
    if not final:
        return {**prompt, "totalTokenCount": usage.prompt}
    out = {
        **prompt,
        "candidatesTokenCount": usage.completion - (usage.reasoning or 0),
        "totalTokenCount": usage.prompt + usage.completion,
    }
    if usage.reasoning is not None:
        out["thoughtsTokenCount"] = usage.reasoning
    return out


class Gemini:
    """The Gemini API dialect (``generateContent``, ``streamGenerateContent?alt=sse``).

    Every method that renders an answer raises ``HarnessError`` when the script uses what the
    dialect lacks (see ``features``).
    """

    name = "gemini"
    model = "gemini/gemini-2.5-pro"
    key_header = "x-goog-api-key"
    malformed_event = b"data: {this is not JSON\n\n"
    lead_in = 0
    features: frozenset[Feature] = frozenset(
        {
            "cached",
            "logprobs",
            "n",
            "no_choices",
            "no_usage",
            "reasoning",
            "reasoning_usage",
            "stream_error_event",
        }
    )

    def litellm_params(self, base: str, key: str) -> dict[str, Any]:
        return {"api_base": f"{base}/v1beta", "api_key": key}

    def is_discovery(self, method: str, path: str) -> bool:
        return method == "GET" and path.endswith("/models")

    def discovery(self) -> bytes:
        return compact({"models": []})

    def understand(self, request: Request, path: str) -> Asked | None:
        resource, _, verb = path.partition(":")
        if request.method != "POST" or "/models/" not in resource:
            return None
        # Without alt=sse a stream is one JSON array, which this dialect does not speak.
        sse_wanted = parse_qs(urlsplit(request.target).query).get("alt") == ["sse"]
        if verb != "generateContent" and not (verb == "streamGenerateContent" and sse_wanted):
            return None
        model = resource.rpartition("/models/")[2]
        return Asked(model=model, stream=verb != "generateContent", include_usage=True)

    def body(self, answer: Completion, asked: Asked) -> bytes:
        require(self, answer)
        candidates = []
        for index, choice in enumerate(answer.choices):
            candidate = _candidate(index, _parts(choice, [choice.text]), choice.logprobs)
            candidates.append(candidate | self._finish(choice))
        return compact(self._response(answer, asked, candidates, final=True))

    def _response(
        self, answer: Completion, asked: Asked, candidates: list[Any], *, final: bool
    ) -> dict[str, Any]:
        out: dict[str, Any] = {"candidates": candidates} if candidates else {}
        if answer.usage is not None:
            out["usageMetadata"] = usage_json(answer.usage, final=final)
        out |= {"modelVersion": answer.model or asked.model, "responseId": answer.id}
        return {**out, **answer.extra}

    def _finish(self, choice: Choice) -> dict[str, Any]:
        reason = native_finish(self, choice.finish, FINISH_REASONS, OWN_FINISH_REASONS)
        if reason != "SAFETY":
            return {"finishReason": reason}
        rating = {
            "category": "HARM_CATEGORY_DANGEROUS_CONTENT",
            "probability": "HIGH",
            "blocked": True,
        }
        return {"finishReason": reason, "safetyRatings": [rating]}

    def stream(self, answer: Completion, asked: Asked) -> EventStream:
        require(self, answer)
        lanes: list[list[dict[str, Any]]] = []
        for index, choice in enumerate(answer.choices):
            candidates = _stream_candidates(index, choice)
            # The last content and the reason for ending travel together.
            candidates[-1] |= self._finish(choice)
            lanes.append(candidates)
        chunks = interleaved(lanes)
        last = len(chunks) - 1
        events = [
            sse(self._response(answer, asked, [chunk], final=n == last))
            for n, chunk in enumerate(chunks)
        ] or [sse(self._response(answer, asked, [], final=True))]
        return EventStream(tuple(events), b"", "text/event-stream")

    def error(self, failure: Failure) -> bytes:
        require(self, failure)
        status = failure.kind or ERROR_STATUSES.get(failure.status, "UNKNOWN")
        return compact(_error(failure.status, failure.message, status))

    def error_event(self) -> bytes:
        return sse(_error(503, STREAM_FAILURE, "UNAVAILABLE"))


def _error(code: int, message: str, status: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status}}


def _candidate(index: int, parts: list[Any], tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    out: dict[str, Any] = {"index": index}
    if parts:
        out["content"] = {"parts": parts, "role": "model"}
    if tokens:
        out["avgLogprobs"] = sum(entry.logprob for entry in tokens) / len(tokens)
        out["logprobsResult"] = {
            "topCandidates": [
                {"candidates": [_logprob(token, logprob) for token, logprob in entry.top]}
                for entry in tokens
            ],
            "chosenCandidates": [_logprob(entry.token, entry.logprob) for entry in tokens],
        }
    return out


def _stream_candidates(index: int, choice: Choice) -> list[dict[str, Any]]:
    """One candidate in chunks, at least one, without the reason for its end."""
    tokens = iter(dealt(choice.logprobs, len(choice.deltas)))
    return [
        _candidate(index, [part], next(tokens) if part.keys() == {"text"} else ())
        for part in _parts(choice, choice.deltas)
    ] or [_candidate(index, [], ())]


def _logprob(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "tokenId": sum(token.encode()), "logProbability": logprob}


def _parts(choice: Choice, texts: Sequence[str | None]) -> list[dict[str, Any]]:
    """The parts of a candidate in order; a stream sends one to a chunk, a call never split."""
    parts: list[dict[str, Any]] = []
    if choice.reasoning is not None:
        parts.append({"text": choice.reasoning, "thought": True})
    parts += [{"text": text} for text in texts if text is not None]
    for n, call in enumerate(choice.tool_calls):
        function: dict[str, Any] = {"name": call.name}
        if call.arguments:
            function["args"] = arguments_object(call)
        if call.id:
            function["id"] = call.id
        part: dict[str, Any] = {"functionCall": function}
        if n == 0 and choice.reasoning is not None:
            part["thoughtSignature"] = SIGNATURE
        parts.append(part)
    return parts
