"""The cases can fail: every mutant of the ledger is killed, every legal variation passes."""

from __future__ import annotations

from pathlib import Path

from harness.contract.ledger import load_ledger
from harness.mutants.registry import mutants
from harness.verdicts import ExitCode

LEDGER = load_ledger(Path(__file__).parents[2] / "suites" / "requirements")
NAMED = {mutant for row in LEDGER.values() for mutant in row.mutants}


def test_the_ledger_and_the_mutants_name_each_other():
    assert mutants().keys() == NAMED


def test_every_mutant_is_killed_by_a_case_of_its_own_requirement(conformance):
    run = conformance("mutants", "-v")
    assert "SILENT" not in run.stdout
    assert run.returncode == ExitCode.OK, run.stdout[-6000:]


def test_every_case_passes_under_legal_variations(conformance):
    run = conformance("mutants", "--legal")
    assert run.returncode == ExitCode.OK, run.stdout[-6000:]
