"""A small project of its own, run as a user runs his: ``pytest suites/`` in a subprocess."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GATEWAY = f"{sys.executable} {ROOT / 'tests' / 'gateway.py'}"
COMMAND = GATEWAY + " {flags} --config {{config}} --host {{host}} --port {{port}}"
LEDGER = """
[[requirement]]
id = "toy.text"
level = "MUST"
text = "The text is what the provider said."
source = "https://example.org/contract#text"
mutants = ["none"]

[[requirement]]
id = "toy.extra"
level = "SHOULD"
text = "There is something nobody has."
source = "https://example.org/contract#extra"
mutants = ["none"]
"""
HEAD = """
import pytest
from harness.cases.marks import requirement, deployments, both_modes
from harness.upstream.deployment import Deployment
from harness.upstream.script import says, fails, Gate
from harness.verdicts import NotApplicable, NotTestable
"""


class Project:
    """A project with one suite, ``toy``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "suites" / "requirements" / "toy").mkdir(parents=True)
        (folder / "suites" / "toy").mkdir()
        (folder / "suites" / "baselines").mkdir()
        (folder / "conftest.py").write_text('pytest_plugins = ["harness.plugin"]\n')
        (folder / "pyproject.toml").write_text(
            '[tool.pytest]\naddopts = ["-p", "no:cacheprovider", "--import-mode=importlib"]\n'
        )
        self.ledger(LEDGER)

    def ledger(self, text: str) -> None:
        (self.folder / "suites" / "requirements" / "toy" / "toy.toml").write_text(text)

    def case(self, text: str) -> None:
        (self.folder / "suites" / "toy" / "test_toy.py").write_text(HEAD + text)

    def baseline(self, text: str) -> Path:
        file = self.folder / "toy-baseline.toml"
        file.write_text(text)
        return file

    def words(
        self, *args: str, target: str = "suites", flags: str = "", gateway: bool = True
    ) -> list[str]:
        command = [f"--proxy-command={COMMAND.format(flags=flags)}"] if gateway else []
        return [sys.executable, "-m", "pytest", target, *command, *args]

    def run(
        self,
        *args: str,
        target: str = "suites",
        flags: str = "",
        gateway: bool = True,
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*args, target=target, flags=flags, gateway=gateway),
            cwd=self.folder,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def passing(project: Project) -> Callable[..., object]:
    project.case(
        """
@requirement("toy.text")
def test_text(case):
    case.upstream.will(says("hello"))
    case.ask().expect(text="hello")
"""
    )
    return project
