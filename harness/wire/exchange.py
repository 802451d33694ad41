"""One request and its response, as bytes with times. The evidence everything else reads.

Times are ``time.monotonic()`` seconds, comparable within one run and across both wires.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.verdicts import Wire, violation
from harness.wire.expect import ABSENT, require, shorten


@dataclass(frozen=True, slots=True)
class Headers:
    """Header lines in wire order, with duplicates and the sender's own spelling."""

    lines: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_raw(cls, raw: Iterable[tuple[bytes, bytes]]) -> Headers:
        """From pairs of bytes, as HTTP libraries give them."""
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


def dig(document: Any, path: str) -> Any:
    """The value at a dotted path of a JSON document (``choices.0.message``), or ``ABSENT``."""
    here = document
    for step in path.split("."):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            return ABSENT
    return here


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
            raise violation(self.wire, "body", expected="JSON", seen=shorten(self.body)) from None

    def at(self, path: str) -> Any:
        """The value at a dotted path of the JSON body, or ``ABSENT``."""
        return dig(self.json, path)

    def expect(self, wanted: Mapping[str, Any]) -> None:
        """Every dotted path of the JSON body has its value: a literal, a ``Like`` or ``ABSENT``.

        Raises:
            Violation: one fact for each that has not, or the body is not JSON.
        """
        document = self.json
        require(self.wire, {p: (value, dig(document, p)) for p, value in wanted.items()})

    def expect_headers(self, wanted: Mapping[str, Any]) -> None:
        """Every header has its value: a literal, a ``Like`` or ``ABSENT``.

        Raises:
            Violation: one fact for each that has not.
        """
        require(
            self.wire,
            {
                f"header {name}": (value, self.headers.get(name, ABSENT))
                for name, value in wanted.items()
            },
        )


@dataclass(slots=True)
class Request(Message):
    """A request as it was on the wire. ``target`` is path and query as sent."""

    method: str
    target: str
    content: bytes = b""
    sent_at: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> bytes:
        return self.content


@dataclass(slots=True)
class Response(Message):
    """A response as it was on the wire; ``chunks`` grows while it streams."""

    status: int
    chunks: list[Chunk] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)
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
