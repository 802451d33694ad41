"""Every mutant that the ledger names is killed by the cases of its own requirement."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract.ledger import load_ledger
from harness.mutants.registry import mutants, variations
from harness.verdicts import ExitCode

LEDGER = load_ledger(Path(__file__).parents[2] / "suites" / "requirements")
PAIRS = [(row.id, mutant) for row in LEDGER.values() for mutant in row.mutants]


def test_every_mutant_of_the_ledger_exists():
    assert {mutant for _, mutant in PAIRS} - mutants().keys() == set()


def test_every_mutant_is_named_in_the_ledger():
    assert mutants().keys() - {mutant for _, mutant in PAIRS} == set()


def test_an_unbroken_proxy_between_the_relays_passes(broken):
    run = broken.run(None)
    assert run.returncode == ExitCode.OK, run.stdout[-6000:]


@pytest.mark.parametrize(("requirement", "mutant"), PAIRS)
def test_killed(broken, requirement, mutant):
    run = broken.run(mutant, "--requirement", requirement, "-x")
    assert run.returncode == ExitCode.RED, run.stdout[-3000:]


@pytest.mark.parametrize("variation", variations())
def test_a_legal_variation_passes(broken, variation):
    run = broken.run(variation)
    assert run.returncode == ExitCode.OK, run.stdout[-6000:]
