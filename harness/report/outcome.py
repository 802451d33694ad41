"""What one case ended in, and the picture of a whole run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from harness.cases.binding import Binding
from harness.verdicts import EXECUTED, RED, ExitCode, Fact, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one case."""

    binding: Binding
    verdict: Verdict
    reason: str = ""  # why known, not applicable or not testable
    facts: tuple[Fact, ...] = ()


@dataclass(slots=True)
class Outcomes:
    """All verdicts of a run."""

    all: list[Outcome] = field(default_factory=list)
    set_up_failed: bool = False  # no case could be run at all

    def of(self, verdict: Verdict) -> list[Outcome]:
        """Those with this verdict."""
        return [outcome for outcome in self.all if outcome.verdict is verdict]

    def by_suite(self) -> dict[str, Counter[Verdict]]:
        """Counts of verdicts per suite."""
        counts: dict[str, Counter[Verdict]] = {}
        for outcome in self.all:
            counts.setdefault(outcome.binding.suite, Counter())[outcome.verdict] += 1
        return counts

    @property
    def exit_code(self) -> ExitCode:
        """A broken harness says nothing of the proxy; a run that looked at nothing is not green."""
        if self.set_up_failed or self.of(Verdict.HARNESS_ERROR):
            return ExitCode.HARNESS_ERROR
        if any(outcome.verdict in RED for outcome in self.all):
            return ExitCode.RED
        if not any(outcome.verdict in EXECUTED for outcome in self.all):
            return ExitCode.NOTHING_EXECUTED
        return ExitCode.OK
