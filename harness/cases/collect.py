"""Asks pytest which cases there are, without running them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from harness.session import SESSION
from harness.upstream.deployment import Placed, unique
from harness.verdicts import HarnessError


class _Collector:
    """A pytest plugin that keeps what was collected, and what went wrong with it."""

    def __init__(self) -> None:
        self.placed: list[Placed] = []
        self.errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        bindings = session.config.stash[SESSION].bindings
        self.placed = [placed for binding in bindings.values() for placed in binding.placed]


def declared(suites: Path) -> list[Placed]:
    """The deployments of every case under ``suites``.

    Raises:
        HarnessError: there are none, or a case cannot be collected.
    """
    if not suites.is_dir():
        raise HarnessError(
            f"no suites in {suites}", fix="run this where suites/ is, or give --suites DIR"
        )
    collector = _Collector()
    args = [str(suites), "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(args, plugins=[collector])
    if collector.errors or code or not collector.placed:
        raise HarnessError(
            f"the cases in {suites} cannot be collected",
            fix=f"run `pytest {suites} --collect-only` and mend what it shows",
            detail="\n".join(collector.errors),
        )
    return unique(collector.placed)
