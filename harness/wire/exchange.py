"""One request and its response, as bytes with times. The evidence everything else reads.

Times are ``time.monotonic()`` seconds, comparable within one run and across both wires.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from harness.verdicts import Violation, Wire

MISSING: Any = object()
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Headers:
    """Header lines in wire order, with duplicates and the sender's own spelling."""

    lines: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_raw(cls, raw: Any) -> Headers:
        """From an iterable of ``(bytes, bytes)`` pairs, as HTTP libraries give them."""
        return cls(tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in raw))

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of ``name``, any case."""
        return next((v for k, v in self.lines if k.lower() == name.lower()), default)

    def all(self, name: str) -> list[str]:
        """Every value of ``name`` in order, any case."""
        return [v for k, v in self.lines if k.lower() == name.lower()]

    @property
    def names(self) -> list[str]:
        """Names in order, lower-cased, with duplicates."""
        return [k.lower() for k, _ in self.lines]

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of a body as they arrived in one read, or left in one write."""

    at: float
    data: bytes


def dig(wire: Wire, document: Any, path: tuple[str | int, ...], default: Any = MISSING) -> Any:
    """The value at ``path`` in a JSON document.

    Raises:
        Violation: no such key or index, and no ``default`` was given.
    """
    here = document
    for depth, step in enumerate(path):
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            if default is not MISSING:
                return default
            parent = ".".join(map(str, path[:depth])) or "the body"
            if isinstance(here, dict):
                seen = f"{parent} has only {', '.join(sorted(map(str, here))) or 'no keys'}"
            elif isinstance(here, list):
                seen = f"{parent} has {len(here)} items"
            else:
                seen = f"{parent} is {shorten(here)}"
            raise Violation(
                wire=wire, expected=f"a value at {'.'.join(map(str, path))}", seen=seen
            ) from None
    return here


def shorten(value: Any, limit: int = 200) -> str:
    """``repr`` of a value for one line of a report, with the middle cut out when it is long."""
    text = repr(value)
    if len(text) <= limit:
        return text
    half = (limit - 30) // 2
    return f"{text[:half]} …({len(text)} characters)… {text[-half:]}"


@dataclass(slots=True)
class Message:
    """What requests and responses share: headers and a body that may be JSON."""

    wire: Wire
    headers: Headers

    @property
    def body(self) -> bytes:
        """The whole body. Overridden."""
        raise NotImplementedError

    @property
    def json(self) -> Any:
        """The body parsed as JSON.

        Raises:
            Violation: the body is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise Violation(
                wire=self.wire, expected="a JSON body", seen=shorten(self.body)
            ) from None

    def at(self, *path: str | int, default: Any = MISSING) -> Any:
        """The value at a path of the JSON body, e.g. ``at("messages", 0, "content")``.

        Raises:
            Violation: the path does not exist and no ``default`` was given.
        """
        return dig(self.wire, self.json, path, default)

    def has(self, *path: str | int) -> bool:
        """Whether the JSON body has a value (``null`` counts) at ``path``."""
        return self.at(*path, default=_ABSENT) is not _ABSENT


@dataclass(slots=True)
class Request(Message):
    """A request as it was on the wire. ``target`` is path and query as sent."""

    method: str
    target: str
    content: bytes = b""
    at_time: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> bytes:
        return self.content


@dataclass(slots=True)
class Response(Message):
    """A response as it was on the wire; ``chunks`` grows while it streams."""

    status: int
    chunks: list[Chunk] = field(default_factory=list)
    at_time: float = field(default_factory=time.monotonic)
    broken: str | None = None  # how the body ended, when not properly

    @property
    def body(self) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks)


@dataclass(slots=True)
class Exchange:
    """One request with its response, if one came; ``error`` says why none did."""

    wire: Wire
    request: Request
    response: Response | None = None
    error: str | None = None
    note: str = ""  # e.g. "unscripted", "discovery"
