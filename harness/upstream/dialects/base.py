"""What a provider dialect has to know: its routes, its JSON, its stream, its errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from harness.upstream.script import Completion, Failure
from harness.wire.exchange import Request


def compact(value: Any) -> bytes:
    """JSON as providers send it: UTF-8, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sse(data: Any, event: str | None = None) -> bytes:
    """One server-sent event; ``data`` is sent as JSON unless it is already text."""
    payload = data.encode() if isinstance(data, str) else compact(data)
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + payload + b"\n\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the server needs to know of a request before it can answer it."""

    model: str
    stream: bool
    include_usage: bool = False


@dataclass(frozen=True, slots=True)
class EventStream:
    """A rendered stream: the events in order, then the provider's end mark (may be empty)."""

    events: tuple[bytes, ...]
    terminator: bytes
    content_type: str = "text/event-stream; charset=utf-8"


class Dialect(Protocol):
    """One provider protocol."""

    name: str
    model: str  # the LiteLLM model string, provider prefix included, used by default
    key_header: str  # the header that carries the deployment's key
    malformed_event: bytes  # an event that is framed well, but whose payload is not JSON

    def litellm_params(self, base: str, key: str) -> dict[str, Any]:
        """``litellm_params`` for a deployment at ``base`` (no trailing slash), less ``model``."""
        ...

    def is_discovery(self, method: str, path: str) -> bool:
        """Whether LiteLLM sends this on its own account, e.g. to list models."""
        ...

    def discovery(self, path: str) -> bytes:
        """The JSON answer to a discovery request."""
        ...

    def understand(self, request: Request, path: str) -> Asked | None:
        """Read a generation request; ``path`` is below the deployment's base. None: not one."""
        ...

    def body(self, answer: Completion, asked: Asked) -> bytes:
        """The non-streamed answer."""
        ...

    def stream(self, answer: Completion, asked: Asked) -> EventStream:
        """The streamed answer."""
        ...

    def error(self, failure: Failure) -> bytes:
        """An error body in the provider's shape."""
        ...

    def error_event(self) -> bytes:
        """An error inside a stream, in the provider's shape."""
        ...


def parsed(request: Request) -> Mapping[str, Any]:
    """The request body as a JSON object, or an empty one: the server must answer anything."""
    try:
        value = json.loads(request.content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
