"""Binds collected cases to the ledger and to their deployments."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from harness.contract.ledger import Ledger, Level, unknown_id
from harness.upstream.deployment import Deployment, Placed, case_slug
from harness.verdicts import HarnessError


@dataclass(frozen=True, slots=True)
class Binding:
    """What the harness knows of one case before it runs."""

    nodeid: str
    suite: str
    requirements: tuple[str, ...]
    level: Level
    placed: tuple[Placed, ...]

    @property
    def name(self) -> str:
        """The case as a baseline names it."""
        return self.nodeid.rsplit("::", 1)[-1]


def bind(item: pytest.Function, ledger: Ledger, suites: Path) -> Binding:
    """Read a case's marks.

    Raises:
        HarnessError: it names no requirement, or one that is not in the ledger.
    """
    ids = tuple(id_ for mark in item.iter_markers("requirement") for id_ in mark.args)
    if not ids:
        raise HarnessError(
            f"{item.nodeid} checks no requirement", fix='bind it with @requirement("…")'
        )
    for id_ in ids:
        if id_ not in ledger:
            raise HarnessError(
                f"{item.nodeid}: {unknown_id(id_, ledger)}",
                fix="correct the id, or add a row to suites/requirements/",
            )
    relative = item.path.relative_to(suites)
    levels = {ledger[id_].level for id_ in ids}
    return Binding(
        nodeid=item.nodeid,
        suite=relative.parts[0],
        requirements=ids,
        level=Level.MUST if Level.MUST in levels else Level.SHOULD,
        placed=tuple(_placed(item, f"{relative.as_posix()}::{item.originalname}")),
    )


def _placed(item: pytest.Function, name: str) -> Iterable[Placed]:
    """The deployments of a case, shared by the variants of a case that need the same ones.

    Cases run one after the other, so a variant still has them to itself while it runs.
    """
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec is not None else {}
    mark = item.get_closest_marker("deployments")
    wanted: Sequence[Deployment] = mark.args if mark else (params.get("deployment", Deployment()),)
    dialects = [d.dialect or params.get("dialect", "openai") for d in wanted]
    slug = case_slug(f"{name}-{dialects[0]}", repr((wanted, dialects)))
    return [Placed(slug, d, dialect) for d, dialect in zip(wanted, dialects, strict=True)]


def uncovered(ledger: Ledger, suites: Iterable[str], bindings: Iterable[Binding]) -> list[str]:
    """The MUST rows of these suites that no case checks."""
    covered = {id_ for binding in bindings for id_ in binding.requirements}
    wanted = set(suites)
    return [
        row.id
        for row in ledger.values()
        if row.suite in wanted and row.level is Level.MUST and row.id not in covered
    ]


def whole_suites(folder: Path, args: Iterable[str], cwd: Path) -> set[str]:
    """The suites that were asked for whole, not by file or by node id."""
    asked = {(cwd / arg).resolve() for arg in args if "::" not in arg}
    suites = [path for path in folder.iterdir() if any(path.glob("test_*.py"))]
    return {suite.name for suite in suites if any(a == suite or a in suite.parents for a in asked)}


def selected(binding: Binding, patterns: Sequence[str]) -> bool:
    """Whether ``--requirement`` takes this case."""
    return any(fnmatchcase(id_, pattern) for id_ in binding.requirements for pattern in patterns)


def check_patterns(patterns: Iterable[str], ledger: Ledger) -> None:
    """Every pattern of ``--requirement`` has to name something.

    Raises:
        HarnessError: one does not; a typo must not read as "nothing to do".
    """
    for pattern in patterns:
        if not any(fnmatchcase(id_, pattern) for id_ in ledger):
            bare = re.sub(r"[*?]+", "", pattern).strip(".")
            close = difflib.get_close_matches(bare, ledger, n=1, cutoff=0.4)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise HarnessError(
                f"--requirement {pattern} matches nothing in the ledger{hint}",
                fix="`conformance requirements` lists the ids",
            )
