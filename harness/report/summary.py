"""The few lines at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.report.outcome import Outcome, Outcomes
from harness.verdicts import Verdict
from harness.wire.exchange import Exchange

SHOWN = tuple(Verdict)


def summary_lines(outcomes: Outcomes, strays: Iterable[Exchange]) -> list[str]:
    """Per suite the counts; then what is known, what was not looked at, and why."""
    lines: list[str] = []
    for suite, counts in sorted(outcomes.by_suite().items()):
        shown = ", ".join(f"{counts[v]} {v}" for v in SHOWN if counts[v])
        lines.append(f"{suite}: {shown}")
    known = [f"{_ids(outcome)}: {outcome.reason}" for outcome in outcomes.of(Verdict.KNOWN)]
    lines += _section("known failures of this version", known)
    warned = [f"{_ids(o)}: {fact.line}" for o in outcomes.of(Verdict.WARN) for fact in o.facts]
    lines += _section("warnings (a SHOULD is broken)", warned)
    for verdict in (Verdict.NOT_TESTABLE, Verdict.NOT_APPLICABLE):
        lines += _section(str(verdict), [o.reason for o in outcomes.of(verdict)])
    stray = [f"{e.request.method} {e.request.target}" for e in strays]
    lines += _section("requests upstream that belong to no case", stray)
    return lines


def _ids(outcome: Outcome) -> str:
    return ", ".join(outcome.binding.requirements)


def _section(title: str, entries: Iterable[str]) -> list[str]:
    counted = Counter(entries)
    if not counted:
        return []
    return ["", f"{title}:", *(f"  {n:>4} x {text}" for text, n in counted.items())]
