"""What the plugin keeps during one pytest session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.cases.binding import Binding
from harness.cases.case import Case
from harness.contract.ledger import Ledger
from harness.mutants.relay import Relay
from harness.report.baseline import Baseline
from harness.report.outcome import Outcomes
from harness.run import Run
from harness.verdicts import ExitCode


@dataclass
class Session:
    """From the ledger, over the proxy, to the verdicts."""

    suites: Path
    ledger: Ledger
    given_baseline: Baseline | None = None  # None: the one that fits the version that runs
    bindings: dict[str, Binding] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)  # the suites that were asked for whole
    relay: Relay | None = None  # set by the matrix of mutants
    exit_code: ExitCode | None = None  # set by it too
    run: Run | None = None
    baseline: Baseline = field(default_factory=Baseline)
    outcomes: Outcomes = field(default_factory=Outcomes)


SESSION = pytest.StashKey[Session]()
CASE = pytest.StashKey[Case]()
