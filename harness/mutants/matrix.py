"""Runs the cases of each requirement against its mutants, in one pytest session on one proxy.

Loaded by ``conformance mutants``. Each mutant that the ledger names has to be killed by a case of
its own requirement; with ``--legal`` every case has to pass under all legal variations at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from harness.mutants.registry import mutants, variations
from harness.mutants.relay import Relay
from harness.report.outcome import Outcome
from harness.session import SESSION, Session
from harness.verdicts import RED, ExitCode, Fact, Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant at the hands of one requirement's cases."""

    requirement: str
    mutant: str
    by: str | None = None  # the case that killed it
    moot: bool = False  # a SHOULD that the proxy breaks by itself: the case fails without it too
    trouble: str = ""  # why nothing can be said

    @property
    def line(self) -> str:
        if self.trouble:
            return f"?       {self.mutant}: {self.requirement}: {self.trouble}"
        if self.moot:
            return f"moot    {self.mutant}: the proxy itself breaks {self.requirement} like this"
        if self.by is None:
            return f"SILENT  {self.mutant}: no case of {self.requirement} fails"
        return f"killed  {self.mutant}: {self.requirement}, by {self.by}"


class Matrix:
    """The pytest plugin. ``pattern`` selects mutants or requirements by glob."""

    def __init__(self, pattern: str = "*", *, legal: bool = False) -> None:
        self.pattern = pattern
        self.legal = legal
        self.relay = Relay()
        self._unbroken: dict[str, tuple[Fact, ...]] = {}  # what warns without any mutant
        self.results: list[Result] = []

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SESSION].relay = self.relay

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of the usual loop, once the proxy is up."""
        here = session.config.stash[SESSION]
        items = {i.nodeid: i for i in session.items if i.nodeid in here.bindings}
        if self.legal:
            self.relay.mutants = list(variations().values())
            for item in items.values():
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            return True
        for requirement, mutant in self._pairs(here):
            self.relay.mutants = [mutants()[mutant]] if mutant in mutants() else []
            bound = [
                item
                for nodeid, item in items.items()
                if requirement in here.bindings[nodeid].requirements
            ]
            result = self._against(here, bound, requirement, mutant)
            self.results.append(result)
            if result.by is None:
                _say(session.config, result.line)
        here.outcomes.all.clear()
        here.exit_code = self.exit_code
        return True

    def _pairs(self, here: Session) -> Iterable[tuple[str, str]]:
        for row in here.ledger.values():
            for mutant in row.mutants:
                if fnmatchcase(mutant, self.pattern) or fnmatchcase(row.id, self.pattern):
                    yield row.id, mutant

    def _against(
        self, here: Session, items: Iterable[pytest.Item], requirement: str, mutant: str
    ) -> Result:
        if mutant not in mutants():
            return Result(requirement, mutant, trouble="there is no such mutant")
        moot = False
        for item in items:
            outcome = _run(here, item)
            if outcome.verdict is Verdict.HARNESS_ERROR:
                return Result(requirement, mutant, trouble=f"{item.name}: {outcome.reason}")
            if outcome.verdict is Verdict.WARN and outcome.facts == self._warnings(here, item):
                moot = True
            elif outcome.verdict in {Verdict.FAIL, Verdict.WARN}:
                return Result(requirement, mutant, by=item.name)
        return Result(requirement, mutant, moot=moot)

    def _warnings(self, here: Session, item: pytest.Item) -> tuple[Fact, ...]:
        """What is seen without a mutant: a SHOULD may be broken by the proxy itself."""
        if item.nodeid not in self._unbroken:
            broken, self.relay.mutants = self.relay.mutants, []
            self._unbroken[item.nodeid] = _run(here, item).facts
            self.relay.mutants = broken
        return self._unbroken[item.nodeid]

    @property
    def exit_code(self) -> ExitCode:
        """Red unless every mutant was killed; nothing tried is red too."""
        if not self.results:
            return ExitCode.NOTHING_EXECUTED
        if any(result.trouble for result in self.results):
            return ExitCode.HARNESS_ERROR
        proved = all(result.by or result.moot for result in self.results)
        return ExitCode.OK if proved else ExitCode.RED

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        if self.legal:
            return
        terminalreporter.section("mutants")
        if config.option.verbose > 0:
            for result in self.results:
                terminalreporter.write_line(result.line)
        killed = sum(result.by is not None for result in self.results)
        named = {result.mutant for result in self.results}
        moot = sum(result.moot for result in self.results)
        terminalreporter.write_line(f"{killed} of {len(self.results)} killed, {moot} moot")
        if self.pattern == "*" and (idle := sorted(mutants().keys() - named)):
            terminalreporter.write_line(f"in no row of the ledger: {', '.join(idle)}")


def _run(here: Session, item: pytest.Item) -> Outcome:
    """Run one case again, in silence; its verdict."""
    initialise = getattr(item, "_initrequest", None)
    if initialise is not None:
        initialise()  # fixtures are made anew; reruns of pytest-rerunfailures do the same
    before = len(here.outcomes.all)
    runtestprotocol(item, log=False, nextitem=None)
    new = here.outcomes.all[before:]
    red = [outcome for outcome in new if outcome.verdict in RED]
    return (red or new)[0]


def _say(config: pytest.Config, text: str) -> None:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(text)
