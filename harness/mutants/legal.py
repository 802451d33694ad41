"""Legal variations: what another gateway, or the next version, may do just as well.

Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html (framing), RFC 9110 (headers),
RFC 8259 (JSON), https://platform.openai.com/docs/api-reference/introduction (new fields may come).
"""

from __future__ import annotations

import json
import re
from typing import Any

from harness.mutants.registry import Reply, Stage, choices, parts, variation


@variation(Stage.ANSWER)
def other_json(doc: Any, reply: Reply) -> bytes:
    """Writes JSON with escapes, spaces and keys in another order."""
    del reply
    return json.dumps(_reversed(doc), ensure_ascii=True, indent=1).encode()


@variation(Stage.ANSWER, Stage.CHUNK)
def unknown_fields(doc: Any, reply: Reply) -> None:
    """Adds fields that nobody asked for, at every level."""
    if isinstance(doc, dict) and reply.status == 200:
        for place in (doc, *choices(doc), *parts(doc)):
            place["x_unknown"] = {"a": [1, None]}


@variation(Stage.HEAD)
def other_headers(reply: Reply) -> None:
    """Adds headers, writes names in another case and order, and adds a charset."""
    lines = [(name.upper(), value) for name, value in reversed(list(reply.headers.items()))]
    reply.headers.clear()
    reply.headers.extend([("X-Unknown", "1"), *lines, ("Via", "1.1 somewhere")])
    kind = reply.headers.get("Content-Type", "")
    if kind and "charset" not in kind:
        reply.headers["Content-Type"] = f"{kind}; charset=UTF-8"


@variation(Stage.RAW)
def other_framing(data: bytes, reply: Reply) -> list[bytes]:
    """Ends lines with CRLF, sends heartbeats and event names, and no space after the colon."""
    del reply
    if not data:
        return []
    crlf = re.sub(rb"(?m)^data: ", b"data:", data).replace(b"\n", b"\r\n")
    return [b": ping\r\n\r\n", b"event: message\r\n" + crlf]


@variation(Stage.RAW)
def in_small_pieces(data: bytes, reply: Reply) -> list[bytes]:
    """Sends a stream in pieces of three bytes, whatever the events and characters."""
    del reply
    size = 3 if len(data) < 3000 else 4096
    return [data[start : start + size] for start in range(0, len(data), size)]


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value
