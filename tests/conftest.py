"""What the harness's own tests share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIMIT = 900  # seconds; the matrix of mutants takes the longest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def conformance() -> Run:
    """Runs a ``conformance`` subcommand in the project, as a user would."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return _run([sys.executable, "-m", "harness.cli", *args])

    return run


@pytest.fixture(scope="session")
def run_suites() -> Run:
    """Runs ``pytest suites/…`` with these arguments, as a user would."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *args]
        return _run(words)

    return run


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
    )
