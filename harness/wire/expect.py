"""Expected values that are not literals, and the comparison of what was seen with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.verdicts import Fact, Violation, Wire


class _Absent:
    """The value of a key that is not there. A singleton: compare with ``is``."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()


@dataclass(frozen=True, slots=True)
class Like:
    """A rule for a value: ``says`` in a report, ``holds`` as a test."""

    says: str
    holds: Callable[[Any], bool]


def is_a(*types: type) -> Like:
    """A value of exactly one of these JSON types; ``True`` is not an ``int``."""
    names = " or ".join("null" if t is type(None) else t.__name__ for t in types)
    return Like(f"a {names}", lambda seen: type(seen) in types)


def one_of(*values: Any) -> Like:
    """One of these literals."""
    return Like(
        f"one of {', '.join(map(repr, values))}", lambda seen: any(same(seen, v) for v in values)
    )


def matches(pattern: str) -> Like:
    """Text that the pattern matches in full."""
    return Like(
        f"text like /{pattern}/",
        lambda seen: isinstance(seen, str) and re.fullmatch(pattern, seen) is not None,
    )


def contains(text: str) -> Like:
    """Text with ``text`` in it, any case."""
    return Like(
        f"text with {text!r} in it",
        lambda seen: isinstance(seen, str) and text.lower() in seen.lower(),
    )


def absent_or(*values: Any) -> Like:
    """No such key, or one of these literals."""
    listed = ", ".join(map(repr, values))
    return Like(
        f"absent or {listed}", lambda seen: seen is ABSENT or any(same(seen, v) for v in values)
    )


NOT_EMPTY = Like("text that is not empty", lambda seen: isinstance(seen, str) and seen != "")
PRESENT = Like("any value", lambda seen: seen is not ABSENT)


def same(seen: Any, expected: Any) -> bool:
    """Equality as JSON has it: ``True`` is not ``1``, but ``1.0`` is ``1``; deep."""
    if isinstance(expected, Like):
        return expected.holds(seen)
    if expected is ABSENT or seen is ABSENT:
        return expected is seen
    if isinstance(expected, bool) or isinstance(seen, bool):
        return expected is seen
    if isinstance(expected, dict) and isinstance(seen, dict):
        return expected.keys() == seen.keys() and all(same(seen[k], v) for k, v in expected.items())
    if isinstance(expected, list | tuple) and isinstance(seen, list | tuple):
        return len(expected) == len(seen) and all(map(same, seen, expected))
    return bool(expected == seen)


def shorten(value: Any, limit: int = 200) -> str:
    """``repr`` of a value for one line of a report, with the middle cut out when it is long."""
    text = value.says if isinstance(value, Like) else repr(value)
    if len(text) <= limit:
        return text
    half = (limit - 30) // 2
    return f"{text[:half]} …({len(text)} characters)… {text[-half:]}"


def contrast(expected: Any, seen: Any) -> tuple[str, str]:
    """Both values for a report; of two long texts, the place where they part."""
    if isinstance(expected, str) and isinstance(seen, str) and max(len(expected), len(seen)) > 120:
        pairs = zip(expected, seen, strict=False)
        at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(expected), len(seen)))
        lo = max(0, at - 20)

        def window(text: str) -> str:
            return f"{len(text)} characters, from {lo}: {text[lo : at + 40]!r}"

        return window(expected), window(seen)
    return shorten(expected), shorten(seen)


def differences(wire: Wire, wanted: Mapping[str, tuple[Any, Any]]) -> list[Fact]:
    """A fact for each ``what -> (expected, seen)`` that does not agree."""
    return [
        Fact(wire, what, *contrast(expected, seen))
        for what, (expected, seen) in wanted.items()
        if not same(seen, expected)
    ]


def require(wire: Wire, wanted: Mapping[str, tuple[Any, Any]]) -> None:
    """Compare all; every ``what -> (expected, seen)`` that does not agree is reported.

    Raises:
        Violation: at least one differs.
    """
    if facts := differences(wire, wanted):
        raise Violation(*facts)
