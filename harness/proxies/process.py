"""LiteLLM as a local process, from an environment of its own."""

from __future__ import annotations

import os
from pathlib import Path

from harness.proxies.base import Endpoint
from harness.proxies.command import OFFLINE, CommandRunner
from harness.proxies.environment import environment

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class ProcessRunner(CommandRunner):
    """LiteLLM ``version`` from the package index; installed at the first start."""

    name = "process"

    def __init__(self, version: str, *, why: str, timeout: float = 90) -> None:
        super().__init__(
            "litellm --config {config} --host {host} --port {port}", why=why, timeout=timeout
        )
        self._version = version

    def start(self, config: str, key: str) -> Endpoint:
        program = str(environment(self._version))
        self._words = [program, *self._words[1:]]
        return super().start(config, key)

    def _environment(self, folder: Path) -> dict[str, str]:
        """Next to nothing: neither the user's settings nor his keys may change what is seen."""
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {**passed, **OFFLINE, "HOME": str(folder)}
