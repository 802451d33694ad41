"""A ``curl`` line that repeats a client request."""

from __future__ import annotations

import shlex

from harness.wire.exchange import Request

LONGEST = 8000  # characters of a body that still make a command somebody would paste
ADDED_BY_CLIENT = {
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "user-agent",
}


def curl(request: Request, url: str, key: str) -> str:
    """One command; the key is read from ``$LITELLM_API_KEY``.

    Args:
        request: as it was on the client wire.
        url: the proxy's base URL.
        key: the client's key, to be left out.
    """
    words = ["curl", "-sSN"]
    if request.method != ("POST" if request.content else "GET"):
        words += ["-X", request.method]
    words.append(shlex.quote(url + request.target))
    for name, value in request.headers.lines:
        if name.lower() not in ADDED_BY_CLIENT:
            words += ["-H", _quoted(f"{name}: {value}", key)]
    body = request.content
    if not body:
        return " ".join(words)
    if len(body) > LONGEST:
        return f"# a body of {len(body)} bytes: repeat it with the pytest line"
    if (text := _printable(body)) is not None:
        return " ".join([*words, "--data-raw", _quoted(text, key)])
    return f"printf '{_escaped(body)}' | {' '.join(words)} --data-binary @-"


def _printable(body: bytes) -> str | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _escaped(body: bytes) -> str:
    """For ``printf``, since an argument cannot hold every byte."""
    plain = set(range(32, 127)) - set(b"'\\%")
    return "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in body)


def _quoted(text: str, key: str) -> str:
    if key and key in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
        return '"' + escaped.replace("$", "\\$").replace(key, "$LITELLM_API_KEY") + '"'
    return shlex.quote(text)
