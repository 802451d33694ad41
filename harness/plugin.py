"""The pytest plugin: options, hooks and the ``case`` fixture. Wiring only.

What happens in which order: options are read and the ledger loaded; cases are collected, bound to
the ledger and selected; one proxy is started for all of them; each case runs and is judged; the
proxy is stopped and the summary printed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cases.binding import (
    bind,
    check_patterns,
    selected,
    uncovered,
    whole_suites,
)
from harness.cases.case import Case
from harness.cases.invariants import leaks, unexpected_traffic
from harness.contract.ledger import load_ledger
from harness.judge import judge
from harness.options import add_options, read_options
from harness.report.baseline import Baseline, find_baseline, one_baseline
from harness.report.failure import failure_text
from harness.report.summary import summary_lines
from harness.report.write_baseline import write_baseline
from harness.run import Run
from harness.session import CASE, SESSION, Session
from harness.verdicts import HarnessError, NotTestable, Verdict, Violation

STATUS: dict[Verdict, tuple[str, str, tuple[str, dict[str, bool]]]] = {
    Verdict.PASS: ("passed", ".", ("PASS", {"green": True})),
    Verdict.FAIL: ("failed", "F", ("FAIL", {"red": True})),
    Verdict.WARN: ("warned", "w", ("WARN", {"yellow": True})),
    Verdict.KNOWN: ("known", "k", ("KNOWN", {"yellow": True})),
    Verdict.UNEXPECTED_PASS: ("failed", "U", ("UNEXPECTED PASS", {"red": True})),
    Verdict.NOT_APPLICABLE: ("not applicable", "n", ("NOT APPLICABLE", {"yellow": True})),
    Verdict.NOT_TESTABLE: ("not testable", "N", ("NOT TESTABLE", {"red": True})),
    Verdict.HARNESS_ERROR: ("error", "E", ("HARNESS ERROR", {"red": True})),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    for mark in (
        "requirement(*ids): rows of the ledger that the case checks",
        "deployments(*deployments): what the case needs behind the proxy",
        "last: the case has been seen to stop a whole proxy, so it runs after the others",
    ):
        config.addinivalue_line("markers", mark)
    suites = config.rootpath / "suites"
    try:
        read_options(config)
        ledger = load_ledger(suites / "requirements")
        check_patterns(config.getoption("requirement"), ledger)
        given = _given_baseline(config.getoption("baseline"))
    except HarnessError as error:
        raise pytest.UsageError(error.text) from None
    config.stash[SESSION] = Session(suites, ledger, given_baseline=given)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = config.stash[SESSION]
    cases = [i for i in items if isinstance(i, pytest.Function) and here.suites in i.path.parents]
    try:
        here.bindings = {case.nodeid: bind(case, here.ledger, here.suites) for case in cases}
    except HarnessError as error:
        raise pytest.UsageError(error.text) from None
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    here.whole = whole_suites(here.suites, config.args, config.invocation_params.dir)
    if missing := uncovered(here.ledger, here.whole, here.bindings.values()):
        gap = HarnessError(
            f"no case checks {', '.join(missing)}", fix="write one: a MUST needs a case"
        )
        raise pytest.UsageError(gap.text)
    if patterns := config.getoption("requirement"):
        kept = [
            i
            for i in items
            if i.nodeid in here.bindings and selected(here.bindings[i.nodeid], patterns)
        ]
        config.hook.pytest_deselected(items=[i for i in items if i not in kept])
        items[:] = kept


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Start the proxy for the cases that will run; without it, none of them can."""
    config = session.config
    here = config.stash[SESSION]
    wanted = [here.bindings[item.nodeid] for item in session.items if item.nodeid in here.bindings]
    if config.option.collectonly or not wanted or session.testsfailed:
        return None
    here.run = Run(
        read_options(config), [p for binding in wanted for p in binding.placed], here.relay
    )
    try:
        here.run.start()
        here.baseline = (
            find_baseline(here.suites / "baselines", here.run.identity)
            if here.given_baseline is None
            else here.given_baseline
        )
        whole = here.whole >= {row.suite for row in here.ledger.values()}
        names = {binding.name for binding in here.bindings.values()}
        here.baseline.check(here.ledger.keys(), names if whole else None)
    except HarnessError as error:
        here.outcomes.set_up_failed = True
        _say(config, f"\n{error}", red=True)
        return True
    rows = f"{len(here.baseline.rows)} rows of {', '.join(here.baseline.files) or 'no file'}"
    _say(config, f"\nproxy: {here.run.headline}\nbaseline: {rows}")
    return None


def _given_baseline(choice: str | None) -> Baseline | None:
    """What ``--baseline`` asks for; None: whatever fits the version that runs."""
    if choice is None:
        return None
    return Baseline() if choice == "none" else one_baseline(Path(choice))


def _say(config: pytest.Config, text: str, **markup: bool) -> None:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(text, **markup)


@pytest.fixture
def dialect() -> str:
    """The provider protocol behind the proxy; ``@dialects`` runs a case over several."""
    return "openai"


@pytest.fixture
def stream() -> bool:
    """Whether the case asks for a stream; ``@both_modes`` runs a case over both."""
    return False


@pytest.fixture
def case(request: pytest.FixtureRequest, dialect: str, stream: bool) -> Iterator[Case]:  # noqa: ARG001
    """The case at work, with its deployments behind the proxy and empty scripts."""
    here = request.config.stash[SESSION]
    if here.run is None:
        raise HarnessError("there is no proxy", fix="report this as a bug")
    if here.run.lost is not None:
        raise NotTestable(f"the proxy answers no more since {here.run.lost}")
    binding = here.bindings[request.node.nodeid]
    at_work = Case(
        endpoint=here.run.endpoint,
        client=here.run.client,
        upstream=here.run.upstream,
        placed=binding.placed,
        stream=stream,
    )
    request.node.stash[CASE] = at_work
    with at_work:
        yield at_work
    here.run.look_after(binding.nodeid, at_work.exchanges)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """After the case's own checks, those that hold in every case."""
    try:
        yield
    except Violation as broken:
        at_work = item.stash.get(CASE, None)
        raise Violation(*broken.facts, *(leaks(at_work) if at_work else ())) from None
    at_work = item.stash.get(CASE, None)
    if at_work is not None and (facts := [*leaks(at_work), *unexpected_traffic(at_work)]):
        raise Violation(*facts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    report = yield
    here = item.config.stash[SESSION]
    binding = here.bindings.get(item.nodeid)
    raised = call.excinfo.value if call.excinfo else None
    if binding is None or here.run is None or (raised is None and call.when != "call"):
        return report
    outcome = judge(binding, raised, here.baseline)
    here.outcomes.all.append(outcome)
    report.verdict = outcome.verdict
    item.user_properties += [  # pytest's JUnit takes them from the item, after the teardown
        ("verdict", outcome.verdict.value),
        *(("requirement", id_) for id_ in binding.requirements),
    ]
    text = here.run.redact(report.longreprtext)
    if outcome.facts:
        log = here.run.new_log() if outcome.verdict is Verdict.FAIL else ""
        text = failure_text(
            binding,
            here.ledger,
            outcome.facts,
            case=item.stash.get(CASE, None),
            log=log,
            redact=here.run.redact,
        )
    match outcome.verdict:
        case Verdict.PASS:
            pass
        case Verdict.KNOWN | Verdict.WARN:
            report.outcome, report.wasxfail, report.longrepr = "skipped", outcome.reason, text
        case Verdict.NOT_APPLICABLE:
            report.outcome = "skipped"
            report.longrepr = (str(item.path), item.location[1], outcome.reason)
        case Verdict.NOT_TESTABLE | Verdict.UNEXPECTED_PASS:
            report.outcome, report.longrepr = "failed", f"{outcome.verdict}: {outcome.reason}"
        case _:
            report.outcome, report.longrepr = "failed", text
    return report


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    verdict = getattr(report, "verdict", None)
    return None if verdict is None else STATUS[verdict]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    here = config.stash[SESSION]
    if here.run is None or here.outcomes.set_up_failed:
        return
    strays = here.run.upstream.strays if here.run.upstream else []
    terminalreporter.section("conformance")
    for line in [f"proxy: {here.run.headline}", *summary_lines(here.outcomes, strays)]:
        terminalreporter.write_line(here.run.redact(line))
    if path := config.getoption("write_baseline"):
        write_baseline(Path(path), here.run.identity, here.outcomes)
        terminalreporter.write_line(f"\nwrote {path}: fill in the reasons")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    here = session.config.stash[SESSION]
    if here.bindings and not session.config.option.collectonly and exitstatus in (0, 1, 5):
        code = here.outcomes.exit_code if here.exit_code is None else here.exit_code
        session.exitstatus = int(code)


def pytest_unconfigure(config: pytest.Config) -> None:
    here = config.stash.get(SESSION, None)
    if here is not None and here.run is not None:
        here.run.stop()
