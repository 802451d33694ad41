"""Server-sent events, read strictly by the WHATWG rules but from bytes that keep their times.

Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
SDK readers hide chunk boundaries and broken tails; this one keeps both.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.wire.exchange import Chunk


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event. ``at`` is when its last byte arrived."""

    data: str
    at: float
    name: str = "message"
    id: str = ""


@dataclass(slots=True)
class SseReader:
    """Incremental reader: feed chunks, get the events they complete.

    After the last chunk ``rest`` holds an unfinished event's text; a conforming stream leaves
    it empty. ``comments`` counts comment lines (heartbeats).
    """

    rest: str = ""
    comments: int = 0
    _buffer: str = ""
    _started: bool = False
    _after_cr: bool = False
    _data: list[str] = field(default_factory=list)
    _name: str = ""
    _id: str = ""
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    def feed(self, chunk: Chunk) -> list[Event]:
        """The events that ``chunk`` completes, in order."""
        text = self._decoder.decode(chunk.data)
        if not self._started and text:
            text, self._started = text.removeprefix("\ufeff"), True
        self._buffer += text
        events: list[Event] = []
        while (line := self._take_line()) is not None:
            if (event := self._line(line, chunk.at)) is not None:
                events.append(event)
        pending = "\n".join(self._data)
        self.rest = pending + self._buffer
        return events

    def _take_line(self) -> str | None:
        """The next whole line, or None."""
        if self._after_cr and self._buffer:
            self._buffer = self._buffer.removeprefix("\n")
            self._after_cr = False
        ends = [i for i in (self._buffer.find("\n"), self._buffer.find("\r")) if i >= 0]
        if not ends:
            return None
        end = min(ends)
        line = self._buffer[:end]
        # An event must be dispatched at its last byte, so a CR is not held back to see whether an
        # LF follows; the LF is dropped when it comes.
        self._after_cr = self._buffer[end] == "\r"
        self._buffer = self._buffer[end + 1 :]
        return line

    def _line(self, line: str, at: float) -> Event | None:
        if not line:
            return self._dispatch(at)
        if line.startswith(":"):
            self.comments += 1
            return None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self, at: float) -> Event | None:
        data, name = self._data, self._name
        self._data, self._name = [], ""
        if not data:
            return None
        return Event(data="\n".join(data), at=at, name=name or "message", id=self._id)


def read_events(chunks: Iterable[Chunk]) -> tuple[list[Event], str]:
    """All events of a finished body, and the text left over after the last of them."""
    reader = SseReader()
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events, reader.rest
