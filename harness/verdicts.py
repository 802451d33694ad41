"""The words a run ends in, and the exceptions that lead to them.

Everything below the plugin speaks in these types only, so that a broken proxy,
a missing prerequisite and a broken harness can never be mistaken for each other.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What a case ended in. Exactly one per case and run."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"  # a SHOULD was broken: shown, not red
    KNOWN = "known"  # fails exactly as the baseline says: shown, not red
    UNEXPECTED_PASS = "unexpected pass"  # in the baseline, yet passes: red, take the row out
    NOT_APPLICABLE = "not applicable"  # leaves the denominator
    NOT_TESTABLE = "not testable"  # a prerequisite is missing: stays in the denominator, red
    HARNESS_ERROR = "harness error"  # our fault or the set-up's, never the proxy's


RED = frozenset({Verdict.FAIL, Verdict.UNEXPECTED_PASS, Verdict.NOT_TESTABLE})


class ExitCode(IntEnum):
    """Exit codes of a run; 2, 3 and 4 keep pytest's meaning (interrupted, internal, usage)."""

    OK = 0
    RED = 1
    NOTHING_EXECUTED = 5
    HARNESS_ERROR = 10


class Wire(StrEnum):
    """Which of the two wires a fact was seen on."""

    CLIENT = "client"  # client -> proxy
    UPSTREAM = "upstream"  # proxy -> provider


class Violation(AssertionError):
    """The proxy (or client) under test broke a requirement.

    ``expected`` and ``seen`` are one line each and must not contain values that change from run
    to run (ports, ids, times): a baseline row matches them literally.
    """

    def __init__(self, *, wire: Wire, expected: str, seen: str) -> None:
        super().__init__(f"{wire} wire: expected {expected}; seen {seen}")
        self.wire = wire
        self.expected = expected
        self.seen = seen


class NotApplicable(Exception):  # noqa: N818 - a verdict, not an error
    """The requirement does not apply to this proxy, dialect or way of running; args[0] says why."""


class NotTestable(Exception):  # noqa: N818 - a verdict, not an error
    """A prerequisite is missing; args[0] says which and how to provide it."""


class HarnessError(Exception):
    """The harness, its set-up or its input is at fault. ``fix`` is the one thing to do about it."""

    def __init__(self, message: str, *, fix: str, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.detail = detail

    def __str__(self) -> str:
        lines = [f"error: {self.message}"]
        if self.detail:
            lines += ["", *(f"    {line}" for line in self.detail.splitlines()), ""]
        lines.append(f"fix:   {self.fix}")
        return "\n".join(lines)
