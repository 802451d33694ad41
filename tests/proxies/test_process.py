"""LiteLLM as a local process: installed, started, rejected, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from harness.proxies.environment import environment, installed
from harness.proxies.process import ProcessRunner
from harness.proxies.versions import LITELLM
from harness.verdicts import ExitCode, HarnessError

KEY = "sk-conformance-test"
CONFIG = """
model_list:
- {model_name: m, litellm_params: {model: openai/m, api_base: "http://127.0.0.1:9/v1", api_key: k}}
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}
"""
STARTS = f"""
import time
from harness.proxies.process import ProcessRunner
runner = ProcessRunner({LITELLM!r}, why="")
print(runner.start({CONFIG!r}, {KEY!r}).url, flush=True)
time.sleep(600)
"""
INSTALLS = """
import sys
from harness.proxies.environment import environment
print(environment(sys.argv[1]))
"""


def litellms(folder: Path) -> list[psutil.Process]:
    """Processes that were started with their temporary files in ``folder``."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_it_starts_serves_logs_and_stops(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    runner = ProcessRunner(LITELLM, why="")
    try:
        url = runner.start(CONFIG, KEY).url
        headers = {"Authorization": f"Bearer {KEY}"}
        models = httpx.get(f"{url}/v1/models", headers=headers, trust_env=False).json()
        assert [model["id"] for model in models["data"]] == ["m"]
        assert "GET /v1/models" in runner.log()
        environ = litellms(tmp_path)[0].environ()
        assert "HTTP_PROXY" not in environ
    finally:
        runner.stop()
    runner.stop()
    assert litellms(tmp_path) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_config_that_litellm_rejects(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(HarnessError) as caught:
        ProcessRunner(LITELLM, why="").start("model_list: 17", KEY)
    assert "before it was ready" in caught.value.message
    assert "int" in caught.value.detail
    assert litellms(tmp_path) == []


def test_sigkill_leaves_no_litellm(tmp_path):
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    owner = subprocess.Popen([sys.executable, "-c", STARTS], env=env, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    url = owner.stdout.readline().decode().strip()
    assert url.startswith("http://")
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 20
    while litellms(tmp_path):
        assert time.monotonic() < deadline, litellms(tmp_path)
        time.sleep(0.05)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert list(tmp_path.iterdir()) == []


def test_two_who_install_at_once_get_the_same_whole_environment(tmp_path):
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    words = [sys.executable, "-c", INSTALLS, LITELLM]
    both = [subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    programs = {run.communicate(timeout=120)[0].strip() for run in both}
    assert len(programs) == 1
    program = programs.pop()
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert LITELLM in version.stdout


def test_a_version_that_failed_to_install_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(HarnessError, match="has no such version"):
        environment("9.9.9")
    assert not installed("9.9.9")
    assert not list(tmp_path.rglob("bin"))


def test_a_wrapper_of_litellm_is_tested_like_any_gateway(run_suites):
    wrapper = f"{sys.executable} -m harness.mutants none"
    run = run_suites(
        "suites/chat_contract/test_models.py",
        f"--proxy-command={wrapper} --config {{config}} --host {{host}} --port {{port}}",
    )
    assert run.returncode == ExitCode.OK, run.stdout[-3000:]
    assert f"proxy: LiteLLM {LITELLM} (command; --proxy-command)" in run.stdout
