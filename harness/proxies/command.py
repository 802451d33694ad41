"""Runs a gateway as a local process under a guard that ends it, whatever becomes of pytest."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from harness.proxies.base import Endpoint
from harness.proxies.readiness import wait_until_ready
from harness.verdicts import HarnessError

HOST = "127.0.0.1"
PORT_TRIES = 3
STOP_TIMEOUT = 15  # seconds; the guard itself waits 1 before it kills
TAIL = 30  # lines of the log that an error shows

# What keeps LiteLLM off the network and out of the user's home.
OFFLINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "HF_HUB_OFFLINE": "1",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",  # the log is read while it is written
}


def new_key() -> str:
    """A random master key for one run."""
    return f"sk-conformance-{secrets.token_hex(16)}"


class CommandRunner:
    """Any build or wrapper of a gateway that takes a LiteLLM config.

    ``command`` is one shell-like line with ``{config}``, ``{host}`` and ``{port}``; it is split
    as a shell splits words, and run without one.
    """

    name = "command"
    upstream_host = HOST

    def __init__(self, command: str, *, why: str, timeout: float = 90) -> None:
        for field in ("{config}", "{port}"):
            if field not in command:
                raise HarnessError(
                    f"--proxy-command has no {field} in it",
                    fix="write it like 'CMD --config {config} --host {host} --port {port}'",
                )
        self.why = why
        self._words = shlex.split(command)
        self._timeout = timeout
        self._folder: Path | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def upstream_url(self, port: int) -> str:
        return f"http://{HOST}:{port}"

    def start(self, config: str, key: str) -> Endpoint:
        for left in reversed(range(PORT_TRIES)):
            port = free_port()
            try:
                self._start(config, key, port)
                wait_until_ready(
                    f"http://{HOST}:{port}", key, alive=self._ended, timeout=self._timeout
                )
                if self._listens(port):
                    return Endpoint(f"http://{HOST}:{port}", key)
            except HarnessError as error:
                error.detail = error.detail or tail(self.log()) or "(its log is empty)"
                self.stop()
                if not left or "address already in use" not in error.detail.lower():
                    raise
            except BaseException:
                self.stop()
                raise
            self.stop()
        raise HarnessError(
            "another program took the proxy's port, three times over",
            fix="run again; if it stays so, look at what listens on the loopback address",
        )

    def log(self) -> str:
        if self._folder is None:
            return ""
        with contextlib.suppress(OSError):
            return (self._folder / "proxy.log").read_text(errors="replace")
        return ""

    def stop(self) -> None:
        if self._guard is not None:
            if self._guard.stdin is not None:
                self._guard.stdin.close()
            try:
                self._guard.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._guard.terminate()
                self._guard.wait()
            self._guard = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _start(self, config: str, key: str, port: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="conformance-"))  # mode 0700
        path = self._folder / "config.yaml"
        path.write_text(config)
        fields = {"{config}": str(path), "{host}": HOST, "{port}": str(port)}
        words = [_filled(word, fields) for word in self._words]
        if shutil.which(words[0]) is None:
            raise HarnessError(
                f"--proxy-command: no program {words[0]!r}",
                fix="give a program on PATH, or its path",
            )
        guard = [sys.executable, "-m", "harness.proxies.guard"]
        with (self._folder / "proxy.log").open("wb") as log:
            self._guard = subprocess.Popen(  # noqa: S603 - the user's own command
                [*guard, "--folder", str(self._folder), "--", *words],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self._environment(self._folder), "LITELLM_MASTER_KEY": key},
                start_new_session=True,
            )

    def _environment(self, folder: Path) -> dict[str, str]:  # noqa: ARG002 - for subclasses
        """What the command runs with besides the key; ``folder`` is the run's own."""
        return {**os.environ, **OFFLINE}

    def _ended(self) -> str | None:
        code = self._guard.poll() if self._guard is not None else None
        return None if code is None else f"exited with code {code}"

    def _listens(self, port: int) -> bool:
        """Whether it is our proxy, and not another program, that listens on ``port``."""
        if self._guard is None:
            return False
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(self._guard.pid).children(recursive=True)
            return any(
                c.laddr and c.laddr.port == port and c.status == psutil.CONN_LISTEN
                for process in family
                for c in process.net_connections("tcp")
            )
        return True  # not allowed to look: take it on trust


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def tail(log: str, lines: int = TAIL) -> str:
    """The last lines of a log that say something, without colours."""
    log = re.sub(r"\x1b\[[0-9;]*m", "", log)
    kept = [line.rstrip() for line in log.splitlines() if line.strip()]
    return "\n".join(kept[-lines:])


def _filled(word: str, fields: dict[str, str]) -> str:
    for name, value in fields.items():
        word = word.replace(name, value)
    return word
