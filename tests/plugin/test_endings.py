"""However a run ends, nothing of it is left: no process, no folder, no port."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

HANGING = """
@requirement("toy.text")
def test_text(case):
    gate = Gate()
    case.upstream.will(says("hello").held(gate, before=0))
    print("HANGING", flush=True)
    case.ask(stream=True)
"""
LIMIT = 30  # seconds


def ours(folder: Path) -> list[psutil.Process]:
    """Processes that belong to the project in ``folder``: its gateway, guard and daemon."""
    found = []
    for process in psutil.process_iter():
        try:
            env = process.environ()
        except psutil.Error:
            continue
        if env.get("CONFORMANCE_TEST") == str(folder) and process.pid != os.getpid():
            found.append(process)
    return found


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def start(project, tmp_path_factory):
    """Starts a run whose case never ends; gives it when the case hangs."""
    scratch = tmp_path_factory.mktemp("scratch")
    project.case(HANGING)
    runs: list[subprocess.Popen[str]] = []

    def begin(flags: str = "") -> subprocess.Popen[str]:
        env = {**os.environ, "CONFORMANCE_TEST": str(project.folder), "TMPDIR": str(scratch)}
        run = subprocess.Popen(
            project.words("-s", flags=flags),
            cwd=project.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        runs.append(run)
        assert run.stdout is not None
        for line in run.stdout:
            if "HANGING" in line:
                return run
        raise AssertionError("the run ended early")

    yield begin
    for run in runs:
        run.kill()
        run.communicate()
    for process in ours(project.folder):
        process.kill()


@pytest.mark.parametrize("flags", ["", "--daemon", "--ignore-term"])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(start, project, tmp_path_factory, ending, flags):
    run = start(flags)
    assert len(ours(project.folder)) >= 3  # pytest, guard, gateway
    run.send_signal(ending)
    run.wait(LIMIT)
    wait_until(lambda: not ours(project.folder), f"left: {ours(project.folder)}")
    scratch = tmp_path_factory.getbasetemp()
    wait_until(lambda: not list(scratch.glob("scratch*/conformance-*")), "a folder is left")


def test_ctrl_c_ends_in_pytest_s_own_code(start):
    run = start()
    run.send_signal(signal.SIGINT)
    assert run.wait(LIMIT) == pytest.ExitCode.INTERRUPTED


def test_killing_the_whole_process_group_leaves_nothing(start, project):
    run = start("--daemon")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait(LIMIT)
    wait_until(lambda: not ours(project.folder), "something is left")


def test_two_runs_at_once_do_not_disturb_each_other(passing):
    runs = [
        subprocess.Popen(passing.words(), cwd=passing.folder, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for run in runs:
        out, _ = run.communicate(timeout=LIMIT)
        assert run.returncode == 0, out
