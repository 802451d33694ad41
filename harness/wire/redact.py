"""Takes secrets, and what changes from run to run, out of text before anybody sees it."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

LONG = 12  # bytes


class Redactor:
    """Replaces every known secret, in each encoding it may travel in, by its name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []

    def add(self, secret: str, name: str) -> None:
        """From now on ``secret`` is shown as ``name``. Very short ones are not secrets."""
        if len(secret) < 4:
            return
        for form in encodings(secret):
            self._names.setdefault(form, name)

    def add_pattern(self, pattern: str, name: str) -> None:
        """From now on what matches is shown as ``name``: for keys too many to look for each."""
        self._patterns.append((re.compile(pattern), name))

    def __call__(self, text: str) -> str:
        """``text`` without secrets."""
        for pattern, name in self._patterns:
            text = pattern.sub(name, text)
        for form in sorted(self._names, key=len, reverse=True):
            text = text.replace(form, self._names[form])
        return text


@functools.cache
def encodings(secret: str) -> tuple[str, ...]:
    """The forms in which a secret can turn up: plain, URL, form, JSON (also in JSON), hex, and
    base64 at each offset.
    """
    raw = secret.encode()
    texts = [secret, quote(secret, safe=""), quote_plus(secret), raw.hex()]
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        texts += [once, json.dumps(once, ensure_ascii=ascii_only)[1:-1]]
    if len(raw) >= LONG:  # of a short one, too little is left that is its own
        texts += _base64(raw)
    return tuple(dict.fromkeys(texts))


def _base64(raw: bytes) -> Iterable[str]:
    """Base64 of a secret inside longer data depends on where it starts; the characters that also
    encode a neighbour are left out.
    """
    for shift in range(3):
        cut = (len(raw) + shift) % 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw).decode().rstrip("=")
            yield text[(0, 2, 3)[shift] : len(text) - (1 if cut else 0)]


CHANGING = (
    (re.compile(r"https?://[\w.-]+:\d+"), "<url>"),
    (re.compile(r"\b(127\.0\.0\.1|localhost|host\.docker\.internal):\d+"), "<address>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{32,}\b"), "<id>"),
    (re.compile(r"\bchatcmpl-[\w-]{8,}"), "<id>"),
)


def stable(text: str) -> str:
    """``text`` without ports, hosts and ids that are new in every run."""
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text
