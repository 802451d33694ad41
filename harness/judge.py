"""Turns what happened in a case into its verdict."""

from __future__ import annotations

from _pytest.outcomes import Skipped

from harness.cases.binding import Binding
from harness.contract.ledger import Level
from harness.report.baseline import Baseline
from harness.report.outcome import Outcome
from harness.verdicts import Fact, NotApplicable, NotTestable, Verdict, Violation


def judge(binding: Binding, raised: BaseException | None, baseline: Baseline) -> Outcome:
    """The verdict on a case that raised this, or nothing."""
    match raised:
        case None:
            return _passed(binding, baseline)
        case Violation():
            return _violated(binding, raised.facts, baseline)
        case NotApplicable():
            return Outcome(binding, Verdict.NOT_APPLICABLE, str(raised))
        case NotTestable() | Skipped():  # a skip that gives no better reason must not read as green
            return Outcome(binding, Verdict.NOT_TESTABLE, str(raised))
        case _:
            return Outcome(binding, Verdict.HARNESS_ERROR, f"{type(raised).__name__}: {raised}")


def _passed(binding: Binding, baseline: Baseline) -> Outcome:
    rows = baseline.rows_for(binding.name, binding.requirements)
    if rows:
        reason = f"the baseline expects a failure ({rows[0].reason}): take the case out of it"
        return Outcome(binding, Verdict.UNEXPECTED_PASS, reason)
    return Outcome(binding, Verdict.PASS)


def _violated(binding: Binding, facts: tuple[Fact, ...], baseline: Baseline) -> Outcome:
    new, gone = baseline.compare(binding.name, binding.requirements, facts)
    if not new and gone:
        reason = f"the baseline lists what is no longer seen: {'; '.join(sorted(gone))}"
        return Outcome(binding, Verdict.UNEXPECTED_PASS, reason)
    if not new:
        rows = baseline.rows_for(binding.name, binding.requirements)
        return Outcome(binding, Verdict.KNOWN, "; ".join(row.reason for row in rows), facts)
    verdict = Verdict.WARN if binding.level is Level.SHOULD else Verdict.FAIL
    return Outcome(binding, verdict, facts=facts)
