"""Ways in which real providers write their streams, for ``Completion.edited``.

The first few are a matter of framing and go with every dialect; the others are OpenAI's dialect as
compatible servers speak it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.upstream.dialects.base import sse

Edit = Callable[[list[bytes]], list[bytes]]


def crlf(events: list[bytes]) -> list[bytes]:
    """Lines end with CR LF."""
    return [event.replace(b"\n", b"\r\n") for event in events]


def no_space(events: list[bytes]) -> list[bytes]:
    """No space after the colon."""
    return [event.replace(b"data: ", b"data:").replace(b"event: ", b"event:") for event in events]


def comments(events: list[bytes]) -> list[bytes]:
    """A comment before each event, as heartbeats are sent."""
    return [piece for event in events for piece in (b": PROCESSING\n\n", event) if event]


def other_fields(events: list[bytes]) -> list[bytes]:
    """Each event has an id, and the stream a time to reconnect after."""
    numbered = [b"id: %d\n" % n + event for n, event in enumerate(events) if event]
    return [b"retry: 1000\n\n", *numbered]


def in_one_write(events: list[bytes]) -> list[bytes]:
    """All events at once."""
    return [b"".join(events)]


def each_chunk(change: Callable[[dict[str, Any]], None]) -> Edit:
    """``change`` applied to the JSON of each event in place."""

    def edit(events: list[bytes]) -> list[bytes]:
        return [_changed(event, change) for event in events]

    return edit


def without_ids(chunk: dict[str, Any]) -> None:
    """Chunks have no id."""
    del chunk["id"]


def finish_with_last_piece(events: list[bytes]) -> list[bytes]:
    """The last piece of text and the finish reason travel together."""
    at = next(n for n, event in enumerate(events) if _finish(event))
    content = json.loads(events[at - 1][6:])["choices"][0]["delta"]

    def merge(chunk: dict[str, Any]) -> None:
        chunk["choices"][0]["delta"] = content

    return [*events[: at - 1], _changed(events[at], merge), *events[at + 1 :]]


def chunks_without_choices(events: list[bytes]) -> list[bytes]:
    """Chunks without a choice first and between, as Azure sends its verdict on the prompt."""

    def empty(chunk: dict[str, Any]) -> None:
        chunk["choices"] = []

    between = _changed(events[0], empty)
    return [between, events[0], between, *events[1:]]


def calls_in_turn(events: list[bytes]) -> list[bytes]:
    """The deltas of parallel tool calls alternate."""
    lanes: dict[int, list[bytes]] = {}
    first, *others = events
    calling = [event for event in others if b'"tool_calls":[' in event]
    for event in calling:
        index = json.loads(event[6:])["choices"][0]["delta"]["tool_calls"][0]["index"]
        lanes.setdefault(index, []).append(event)
    longest = max(map(len, lanes.values()))
    mixed = [lane[n] for n in range(longest) for lane in lanes.values() if n < len(lane)]
    rest = [event for event in others if event not in calling]
    return [first, *mixed, *rest]


def _changed(event: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    if not event.startswith(b"data: {"):
        return event
    chunk = json.loads(event[6:])
    change(chunk)
    return sse(chunk)


def _finish(event: bytes) -> bool:
    chunk = json.loads(event[6:]) if event.startswith(b"data: {") else {}
    return any(choice["finish_reason"] for choice in chunk.get("choices", []))
