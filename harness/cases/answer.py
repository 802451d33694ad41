"""What a client makes of an answer: one view, whether it came as JSON or as a stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.verdicts import Wire, violation
from harness.wire.exchange import Exchange, Headers, Response, dig
from harness.wire.expect import ABSENT, require, shorten
from harness.wire.sse import Event, read_events


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as a client has to make it. ``arguments`` is JSON text, joined over deltas."""

    name: str
    arguments: str
    id: str = ""


class Answer:
    """The client's side of one exchange.

    Streamed answers are assembled by the rules clients rely on: content and arguments are joined
    in order of arrival per choice ``index``, tool calls by their own ``index``.
    Rule: https://platform.openai.com/docs/api-reference/chat-streaming
    """

    def __init__(self, exchange: Exchange, *, streamed: bool) -> None:
        self.exchange = exchange
        self.streamed = streamed

    @property
    def response(self) -> Response:
        """The response as it was on the wire.

        Raises:
            Violation: none came.
        """
        if self.exchange.response is None:
            raise violation(
                Wire.CLIENT,
                "response",
                expected="an answer",
                seen=self.exchange.error or "none",
            )
        return self.exchange.response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def headers(self) -> Headers:
        """The response headers."""
        return self.response.headers

    @property
    def is_stream(self) -> bool:
        """Whether the proxy answered with an event stream."""
        kind = self.headers.get("content-type") or ""
        return kind.split(";")[0].strip().lower() == "text/event-stream"

    @cached_property
    def events(self) -> list[Event]:
        """All events of the stream, ``[DONE]`` included."""
        return read_events(self.response.chunks)[0]

    @cached_property
    def chunks(self) -> list[Any]:
        """The JSON documents of the stream, in order, without ``[DONE]`` and errors.

        Raises:
            Violation: an event is not JSON, or the answer is not a stream.
        """
        if not self.is_stream:
            raise violation(
                Wire.CLIENT,
                "answer",
                expected="an event stream",
                seen=f"status {self.status}, {self.headers.get('content-type')}",
            )
        documents = [_parsed(event) for event in self.events if event.data.strip() != "[DONE]"]
        return [d for d in documents if not _is_error(d)]

    @property
    def error_events(self) -> list[Any]:
        """The error objects that the stream carried."""
        documents = [_parsed(event) for event in self.events if event.data.strip() != "[DONE]"]
        return [d["error"] for d in documents if _is_error(d)]

    @property
    def done(self) -> int:
        """How many ``[DONE]`` marks the stream had."""
        return sum(event.data.strip() == "[DONE]" for event in self.events)

    @property
    def ended_normally(self) -> bool:
        """Whether a client takes this answer for complete: whole body, no error, ``[DONE]``."""
        whole = self.exchange.error is None and self.response.broken is None
        if not self.streamed:
            return whole and self.status < 400
        return whole and self.status < 400 and self.done > 0 and not self.error_events

    @property
    def json(self) -> Any:
        """The body of an answer that is not a stream."""
        return self.response.json

    @cached_property
    def documents(self) -> list[Any]:
        """What the proxy said: the chunks of a stream, or the one body.

        Raises:
            Violation: it answered with an error, or with something that is not JSON.
        """
        if self.status != 200:
            seen = f"{self.status} {shorten(self.response.body.decode(errors='replace'), 300)}"
            raise violation(Wire.CLIENT, "status", expected="200", seen=seen)
        return self.chunks if self.streamed else [self.json]

    def _parts(self, choice: int) -> list[Any]:
        """The messages or deltas of one choice, in order."""
        key = "delta" if self.streamed else "message"
        entries = [entry for entry in self.entries if entry.get("index") == choice]
        return [entry[key] for entry in entries if isinstance(entry.get(key), dict)]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Every choice object of every document, in order."""
        found = [entry for d in self.documents for entry in _list(dig(d, "choices"))]
        return [entry for entry in found if isinstance(entry, dict)]

    def joined(self, name: str, choice: int = 0) -> str | None:
        """A text field of one choice's message or deltas, joined; None when there was none."""
        pieces = [part.get(name) for part in self._parts(choice)]
        kept = [piece for piece in pieces if isinstance(piece, str)]
        return "".join(kept) if kept else None

    def listed(self, name: str, choice: int = 0) -> list[Any]:
        """The entries of a list field of one choice's message or deltas, in order of arrival."""
        return [entry for part in self._parts(choice) for entry in _list(part.get(name))]

    def distinct(self, path: str) -> list[Any]:
        """The different values at a dotted path of the documents, ``ABSENT`` included, in order."""
        found: list[Any] = []
        for document in self.documents:
            if (value := dig(document, path)) not in found:
                found.append(value)
        return found

    def logprobs_of(self, choice: int) -> list[Any]:
        """The entries of ``logprobs.content`` of one choice, in order of arrival."""
        entries = [entry for entry in self.entries if entry.get("index") == choice]
        return [token for e in entries for token in _list(dig(e, "logprobs.content"))]

    def text_of(self, choice: int) -> str | None:
        """Content of one choice, joined; None when there was none."""
        return self.joined("content", choice)

    def calls_of(self, choice: int) -> list[Call]:
        """Tool calls of one choice, in order of their index (of the list, if not streamed)."""
        found: dict[int, dict[str, str]] = {}
        for part in self._parts(choice):
            for position, entry in enumerate(_list(part.get("tool_calls"))):
                index = dig(entry, "index") if self.streamed else position
                call = found.setdefault(
                    index if isinstance(index, int) else 0, {"name": "", "arguments": "", "id": ""}
                )
                call["name"] += _text(dig(entry, "function.name"))
                call["arguments"] += _text(dig(entry, "function.arguments"))
                call["id"] = call["id"] or _text(dig(entry, "id"))
        return [Call(c["name"], c["arguments"], c["id"]) for _, c in sorted(found.items())]

    def finishes_of(self, choice: int) -> list[Any]:
        """Every finish reason that is not null, in order."""
        entries = [entry for entry in self.entries if entry.get("index") == choice]
        return [e["finish_reason"] for e in entries if e.get("finish_reason") is not None]

    @property
    def text(self) -> str | None:
        """Content of choice 0."""
        return self.text_of(0)

    @property
    def refusal(self) -> str | None:
        """Refusal text of choice 0."""
        return self.joined("refusal")

    @property
    def reasoning(self) -> str | None:
        """Reasoning of choice 0, where LiteLLM documents it.

        Rule: https://docs.litellm.ai/docs/reasoning_content
        """
        return self.joined("reasoning_content")

    @property
    def logprobs(self) -> list[Any]:
        """The entries of ``logprobs.content`` of choice 0."""
        return self.logprobs_of(0)

    @property
    def tool_calls(self) -> list[Call]:
        """Tool calls of choice 0, ids included."""
        return self.calls_of(0)

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """Tool calls of choice 0 as name and parsed arguments."""
        return [(call.name, _arguments(call)) for call in self.calls_of(0)]

    @property
    def finish_reason(self) -> Any:
        """The finish reason of choice 0; ``ABSENT`` when none, a list when several."""
        found = self.finishes_of(0)
        return found[0] if len(found) == 1 else (found or ABSENT)

    @property
    def usage(self) -> Any:
        """The usage object: the last one of a stream, else the body's; ``ABSENT`` when none."""
        found = [d["usage"] for d in self.documents if isinstance(d, dict) and d.get("usage")]
        return found[-1] if found else ABSENT

    @property
    def model(self) -> Any:
        """The model the answer names; a list when a stream's chunks disagree."""
        found = list(dict.fromkeys(str(dig(d, "model")) for d in self.documents))
        return found[0] if len(found) == 1 else found

    @property
    def choice_indexes(self) -> list[Any]:
        """The different ``index`` values of choices: as listed, or sorted when streamed."""
        seen = [entry.get("index", ABSENT) for entry in self.entries]
        return sorted(dict.fromkeys(seen), key=repr) if self.streamed else seen

    @property
    def choice_count(self) -> int:
        """How many different choice indexes the answer has."""
        return len({str(entry.get("index")) for entry in self.entries})

    def expect(self, **wanted: Any) -> Answer:
        """Every property named has its value: a literal or a ``Like``. Returns itself.

        Raises:
            Violation: one fact for each that has not.
        """
        require(Wire.CLIENT, {name: (v, getattr(self, name)) for name, v in wanted.items()})
        return self

    def expect_json(self, wanted: dict[str, Any]) -> Answer:
        """Every dotted path of the JSON body has its value. Returns itself.

        Raises:
            Violation: one fact for each that has not.
        """
        self.response.expect(wanted)
        return self

    def expect_usage(self, wanted: dict[str, Any]) -> Answer:
        """Every dotted path of the usage object has its value. Returns itself.

        Raises:
            Violation: one fact for each that has not.
        """
        usage = self.usage
        require(Wire.CLIENT, {f"usage.{p}": (v, dig(usage, p)) for p, v in wanted.items()})
        return self


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_error(document: Any) -> bool:
    return isinstance(document, dict) and bool(document.get("error"))


def _parsed(event: Event) -> Any:
    try:
        return json.loads(event.data)
    except ValueError:
        raise violation(
            Wire.CLIENT, "event", expected="JSON or [DONE]", seen=shorten(event.data)
        ) from None


def _arguments(call: Call) -> Any:
    try:
        return json.loads(call.arguments)
    except ValueError:
        raise violation(
            Wire.CLIENT,
            f"arguments of {call.name}",
            expected="JSON text",
            seen=shorten(call.arguments),
        ) from None
