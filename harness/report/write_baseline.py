"""Writes the failures of a run as baseline rows for somebody to explain."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from harness.proxies.readiness import Identity
from harness.report.outcome import Outcomes
from harness.verdicts import Verdict
from harness.wire.redact import stable

LIFETIME = datetime.timedelta(days=365)


def write_baseline(file: Path, identity: Identity, outcomes: Outcomes) -> None:
    """One row per requirement and set of facts; the reason is empty, so the file does not load."""
    rows: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for outcome in outcomes.of(Verdict.FAIL):
        facts = tuple(dict.fromkeys(stable(fact.line) for fact in outcome.facts))
        for requirement in outcome.binding.requirements[:1]:
            rows.setdefault((requirement, facts), []).append(outcome.binding.name)
    expires = datetime.datetime.now(datetime.UTC).date() + LIFETIME
    lines = [
        f"implementation = {_text(identity.name)}",
        f"versions = {_text(f'=={identity.version}' if identity.version else '>=0')}",
    ]
    for (requirement, facts), cases in sorted(rows.items()):
        lines += [
            "",
            "[[known]]",
            f"requirement = {_text(requirement)}",
            f"cases = {_list(cases)}",
            f"facts = {_list(list(facts))}",
            'reason = ""',
            f"expires = {expires.isoformat()}",
        ]
    file.write_text("\n".join(lines) + "\n")


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: list[str]) -> str:
    return "[\n" + "".join(f"    {_text(value)},\n" for value in values) + "]"
