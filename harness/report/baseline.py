"""What is known to be broken in one implementation, and nothing more.

``suites/baselines/*.toml``, one file per implementation and range of versions::

    implementation = "litellm"
    versions = "==1.106.2"

    [[known]]
    requirement = "chat.answer.refusal"
    cases = ["test_refusal[openai-json]"]
    facts = ["client wire: refusal: expected 'No.'; seen None"]
    reason = "moved to provider_specific_fields"
    issue = "https://github.com/BerriAI/litellm/issues/…"   # optional
    expires = 2027-06-30

A row covers exactly the facts it lists, in exactly these cases: any other failure stays red.
"""

from __future__ import annotations

import datetime
import difflib
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.proxies.readiness import Identity
from harness.verdicts import Fact, HarnessError
from harness.wire.redact import stable


class Known(BaseModel):
    """One row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requirement: str
    cases: tuple[str, ...] = Field(min_length=1)
    facts: tuple[str, ...] = Field(min_length=1)
    reason: str = Field(min_length=10)
    issue: str | None = None
    expires: datetime.date


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    implementation: str
    versions: str
    known: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """The rows that apply to this run."""

    rows: tuple[Known, ...] = ()
    files: tuple[str, ...] = ()

    def compare(
        self, case: str, requirements: Iterable[str], facts: Iterable[Fact]
    ) -> tuple[set[str], set[str]]:
        """The facts seen that no row of this case lists, and those listed that were not seen."""
        seen = {stable(fact.line) for fact in facts}
        listed = {line for row in self.rows_for(case, requirements) for line in row.facts}
        return seen - listed, listed - seen

    def check(self, ids: Collection[str], cases: Collection[str] | None) -> None:
        """Every row has to be about something.

        Args:
            ids: the requirements of the ledger.
            cases: the names of all cases, or None when only a part was collected.

        Raises:
            HarnessError: a row names a requirement or a case that does not exist.
        """
        for row in self.rows:
            stale = [row.requirement] if row.requirement not in ids else []
            known = ids
            if not stale and cases is not None:
                stale, known = [case for case in row.cases if case not in cases], cases
            if stale:
                close = difflib.get_close_matches(stale[0], known, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                raise HarnessError(
                    f"the baseline's row for {row.requirement} names {stale[0]}, "
                    f"which there is not{hint}",
                    fix=f"correct the row in {', '.join(self.files)}, or take it out",
                )

    def rows_for(self, case: str, requirements: Iterable[str]) -> list[Known]:
        """The rows that name this case under one of these requirements."""
        wanted = set(requirements)
        return [r for r in self.rows if r.requirement in wanted and case in r.cases]


def find_baseline(folder: Path, identity: Identity) -> Baseline:
    """Every file that applies to what the running proxy says it is.

    Raises:
        HarnessError: a file in the folder is not a baseline.
    """
    found = [(file, read_baseline(file)) for file in sorted(folder.glob("*.toml"))]
    fitting = [(file, content) for file, content in found if _applies(content, identity)]
    return Baseline(
        tuple(row for _, content in fitting for row in content.known),
        tuple(file.name for file, _ in fitting),
    )


def one_baseline(file: Path) -> Baseline:
    """That file, whatever is running.

    Raises:
        HarnessError: it is missing, or not a baseline.
    """
    return Baseline(read_baseline(file).known, (file.name,))


def read_baseline(file: Path) -> _File:
    """Parse one file.

    Raises:
        HarnessError: it is missing, not TOML, not well formed, or a row has expired.
    """
    try:
        content = _File(**tomllib.loads(file.read_text()))
        SpecifierSet(content.versions)
    except OSError as error:
        raise HarnessError(
            f"cannot read the baseline {file} ({error.strerror})",
            fix="correct --baseline FILE, or use --baseline none",
        ) from None
    except (tomllib.TOMLDecodeError, InvalidSpecifier, TypeError) as error:
        raise HarnessError(f"{file} is no baseline: {error}", fix="correct the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise HarnessError(f"{file}: {where}: {first['msg']}", fix=f"correct {where}") from None
    today = datetime.datetime.now(datetime.UTC).date()
    for row in content.known:
        if row.expires < today:
            raise HarnessError(
                f"{file.name}: the row for {row.requirement} expired on {row.expires}",
                fix="look whether it is still so; then renew the date, or take the row out",
            )
    return content


def _applies(content: _File, identity: Identity) -> bool:
    if content.implementation != identity.name:
        return False
    try:
        version = Version(identity.version)
    except InvalidVersion:
        return False
    return SpecifierSet(content.versions).contains(version, prereleases=True)
