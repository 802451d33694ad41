"""LiteLLM as a local process, from an environment of its own."""

from __future__ import annotations

from harness.proxies.base import Endpoint
from harness.proxies.command import CommandRunner
from harness.proxies.environment import environment


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
