"""The words a run ends in, and the exceptions that lead to them.

Everything below the plugin speaks in these types only, so that a broken proxy,
a missing prerequisite and a broken harness can never be mistaken for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What a case ended in. Exactly one per case and run."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    WARN = "warn"  # a SHOULD was broken: shown, not red
    KNOWN = "known"  # fails exactly as the baseline says: shown, not red
    UNEXPECTED_PASS = "unexpected pass"  # noqa: S105 - in the baseline, yet passes: red
    NOT_APPLICABLE = "not applicable"  # leaves the denominator
    NOT_TESTABLE = "not testable"  # a prerequisite is missing: stays in the denominator, red
    HARNESS_ERROR = "harness error"  # our fault or the set-up's, never the proxy's


RED = frozenset({Verdict.FAIL, Verdict.UNEXPECTED_PASS, Verdict.NOT_TESTABLE})
EXECUTED = frozenset(Verdict) - {
    Verdict.NOT_APPLICABLE,
    Verdict.NOT_TESTABLE,
    Verdict.HARNESS_ERROR,
}


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


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is not as it must be.

    ``what``, ``expected`` and ``seen`` are one line each and free of values that change from run
    to run (ports, ids, times): a baseline row matches ``line`` literally.
    """

    wire: Wire
    what: str  # e.g. "choices.0.finish_reason"
    expected: str
    seen: str

    @property
    def line(self) -> str:
        return f"{self.wire} wire: {self.what}: expected {self.expected}; seen {self.seen}"


class Violation(AssertionError):  # noqa: N818 - a verdict on the proxy, not an error of ours
    """The proxy (or client) under test broke a requirement; ``facts`` says in what."""

    def __init__(self, *facts: Fact) -> None:
        super().__init__("\n".join(fact.line for fact in facts))
        self.facts = facts


def violation(wire: Wire, what: str, *, expected: str, seen: str) -> Violation:
    """A violation of one fact."""
    return Violation(Fact(wire, what, expected, seen))


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

    @property
    def text(self) -> str:
        """Message, detail and fix, on lines of their own."""
        detail = "".join(f"    {line}\n" for line in self.detail.splitlines())
        return f"{self.message}\n" + (f"\n{detail}\n" if detail else "") + f"fix:   {self.fix}"

    def __str__(self) -> str:
        return f"error: {self.text}"
