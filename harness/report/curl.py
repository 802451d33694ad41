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
    if request.content:
        if len(request.content) > LONGEST:
            return f"# a body of {len(request.content)} bytes: repeat it with the pytest line"
        words += ["--data-binary", _quoted_bytes(request.content, key)]
    return " ".join(words)


def _quoted(text: str, key: str) -> str:
    if key and key in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
        return '"' + escaped.replace("$", "\\$").replace(key, "$LITELLM_API_KEY") + '"'
    return shlex.quote(text)


def _quoted_bytes(body: bytes, key: str) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and text.isprintable() and text[0] != "@":
        return _quoted(text, key)
    coded = "".join(chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in body)
    return f"$'{coded}'"
