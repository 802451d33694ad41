"""The words in which a case says what a provider answers, free of any dialect.

``says("Hello")``, ``calls(ToolCall(...))`` and ``fails(429, retry_after=7)`` make answers; methods
on a completion add what happens on the socket: ``says("Hello").cut(after=2)``. A dialect turns
them into the provider's own JSON or event stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the provider bills them. ``None`` leaves a detail out of the answer."""

    prompt: int = 11
    completion: int = 7
    cached: int | None = None  # part of ``prompt`` that came from the provider's prompt cache
    reasoning: int | None = None  # part of ``completion`` spent on reasoning


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call the model makes. ``arguments`` is JSON text, sent as it is."""

    name: str
    arguments: str = "{}"
    id: str = "call_1"


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token of ``logprobs.content`` with its alternatives as ``(token, logprob)``."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice. ``finish`` is in OpenAI's words; a dialect translates it.

    ``pieces`` fixes how the text is split over deltas; by default it is split after each space.
    """

    text: str | None = None
    pieces: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    reasoning: str | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    finish: str = "stop"

    @property
    def deltas(self) -> tuple[str, ...]:
        """The text as the stream sends it, piece by piece; joined it is ``text``."""
        if self.pieces:
            return self.pieces
        if not self.text:
            return ()
        words = self.text.split(" ")
        return tuple(w + " " for w in words[:-1]) + ((words[-1],) if words[-1] else ())


class Fault(StrEnum):
    """What goes wrong on the socket."""

    RESET = "reset"  # RST
    CUT = "cut"  # FIN before the body is complete
    STALL = "stall"  # nothing more comes, the connection stays open
    MALFORMED = "malformed"  # one event (or the body) is not JSON
    END = "end"  # the body ends properly, but the message in it does not
    NO_TERMINATOR = "no terminator"  # the provider's own end-of-stream mark is missing
    ERROR_EVENT = "error event"  # the provider reports an error inside the stream


@dataclass(slots=True)
class Gate:
    """Holds a stream before an event until the case opens it; proves that nothing is buffered."""

    _opened: Future[None] = field(default_factory=Future)

    def open(self) -> None:
        """Let the stream go on."""
        self._opened.set_result(None)

    async def passed(self) -> None:
        """Wait, cancellably, until the gate is open."""
        await asyncio.shield(asyncio.wrap_future(self._opened))


@dataclass(frozen=True, slots=True)
class Completion:
    """A successful answer, possibly with a fault.

    ``after`` and the gates count pieces of content already sent, whatever a dialect sends before
    the first of them; ``after=0`` strikes before anything is sent. For a non-streamed answer
    anything but 0 strikes in the middle of the body.
    """

    choices: tuple[Choice, ...]
    usage: Usage | None = Usage()
    id: str = "chatcmpl-upstream1"
    model: str | None = None  # the model that the provider says it used; default: the one asked
    headers: tuple[tuple[str, str], ...] = ()
    fault: Fault | None = None
    after: int = 0
    gates: tuple[tuple[int, Gate], ...] = ()
    pause: float = 0.0  # seconds before the first byte
    pace: float = 0.0  # seconds before each event
    content_type: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # merged into the body's top level
    write_size: int | None = None  # split the body into writes of that many bytes
    edit: Callable[[list[bytes]], Iterable[bytes]] | None = None  # see ``edited``

    def with_fault(self, fault: Fault, after: int) -> Completion:
        return replace(self, fault=fault, after=after)

    def resets(self, after: int = 0) -> Completion:
        """Reset the connection after that many pieces."""
        return self.with_fault(Fault.RESET, after)

    def cut(self, after: int = 1) -> Completion:
        """Close the connection cleanly after that many pieces, the body unfinished."""
        return self.with_fault(Fault.CUT, after)

    def ends(self, after: int = 1) -> Completion:
        """End the stream properly after that many pieces, as if there were no more to say."""
        return self.with_fault(Fault.END, after)

    def stalls(self, after: int = 0) -> Completion:
        """Send nothing more after that many pieces, and keep the connection open."""
        return self.with_fault(Fault.STALL, after)

    def malformed(self, after: int = 1) -> Completion:
        """Send one event (or a body) that is not JSON after that many pieces, then go on."""
        return self.with_fault(Fault.MALFORMED, after)

    def without_terminator(self) -> Completion:
        """Leave out the provider's end-of-stream mark (``[DONE]``, ``message_stop``, …)."""
        return self.with_fault(Fault.NO_TERMINATOR, 0)

    def error_event(self, after: int = 1) -> Completion:
        """Report a provider error inside the stream after that many pieces, and end."""
        return self.with_fault(Fault.ERROR_EVENT, after)

    def held(self, gate: Gate, *, before: int) -> Completion:
        """Hold the stream before piece number ``before`` (from 0) until ``gate`` opens."""
        return replace(self, gates=(*self.gates, (before, gate)))

    def paced(self, seconds: float) -> Completion:
        """Wait ``seconds`` before each event."""
        return replace(self, pace=seconds)

    def delayed(self, seconds: float) -> Completion:
        """Wait ``seconds`` before the first byte."""
        return replace(self, pause=seconds)

    def as_content_type(self, value: str) -> Completion:
        """Send another ``Content-Type`` than the dialect's."""
        return replace(self, content_type=value)

    def with_headers(self, **headers: str) -> Completion:
        """Add response headers; ``_`` in a name stands for ``-``."""
        new = tuple((k.replace("_", "-"), v) for k, v in headers.items())
        return replace(self, headers=self.headers + new)

    def edited(self, how: Callable[[list[bytes]], Iterable[bytes]]) -> Completion:
        """Send what ``how`` makes of a stream's events, the provider's end mark the last one."""
        return replace(self, edit=how)

    def in_writes_of(self, size: int) -> Completion:
        """Write the body in pieces of ``size`` bytes, whatever the events' boundaries."""
        return replace(self, write_size=size)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error answer. ``body`` None means the dialect's own shape of ``message`` and ``kind``."""

    status: int
    message: str = "The scripted provider refuses."
    kind: str | None = None  # the provider's error type; default by status and dialect
    code: str | None = None
    param: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = "application/json"
    pause: float = 0.0


Answer = Completion | Failure


def says(
    text: str | None = "Hello from the scripted provider.",
    *,
    pieces: Sequence[str] = (),
    finish: str = "stop",
    refusal: str | None = None,
    reasoning: str | None = None,
    logprobs: Sequence[TokenLogprob] = (),
    usage: Usage | None = Usage(),
    id: str = "chatcmpl-upstream1",
    model: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Completion:
    """One choice of text (or a refusal)."""
    choice = Choice(
        text="".join(pieces) if pieces else text,
        pieces=tuple(pieces),
        finish=finish,
        refusal=refusal,
        reasoning=reasoning,
        logprobs=tuple(logprobs),
    )
    return Completion((choice,), usage=usage, id=id, model=model, extra=extra or {})


def calls(
    *tool_calls: ToolCall,
    text: str | None = None,
    finish: str = "tool_calls",
    usage: Usage | None = Usage(),
) -> Completion:
    """One choice that calls tools, in parallel when there are several."""
    return Completion((Choice(text=text, tool_calls=tool_calls, finish=finish),), usage=usage)


def choices(*texts: str, usage: Usage | None = Usage()) -> Completion:
    """Several choices (``n`` > 1), in index order."""
    return Completion(tuple(Choice(text=text) for text in texts), usage=usage)


def fails(
    status: int,
    message: str = "The scripted provider refuses.",
    *,
    kind: str | None = None,
    code: str | None = None,
    param: str | None = None,
    retry_after: float | str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    content_type: str = "application/json",
    delay: float = 0.0,
) -> Failure:
    """An error in the provider's own shape, or with exactly ``body``."""
    lines = tuple((headers or {}).items())
    if retry_after is not None:
        lines += (("Retry-After", str(retry_after)),)
    return Failure(status, message, kind, code, param, lines, body, content_type, delay)
