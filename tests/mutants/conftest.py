"""One real LiteLLM between two relays, for all mutants: booting one for each would take minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from harness.mutants.registry import everything
from harness.mutants.relay import Relay
from harness.proxies.command import free_port, new_key
from harness.proxies.process import ProcessRunner
from harness.proxies.versions import LITELLM


@dataclass
class Broken:
    """A LiteLLM that a mutant can be let loose on."""

    relay: Relay
    key: str
    upstream_port: int
    run_suites: Callable[..., object]

    def run(self, mutant: str | None, *args: str) -> object:
        """Run the suites against it; what pytest gave back."""
        self.relay.mutant = everything()[mutant] if mutant else None
        return self.run_suites(
            "suites/",
            f"--proxy={self.relay.url}",
            f"--proxy-key={self.key}",
            f"--upstream-listen=127.0.0.1:{self.upstream_port}",
            *args,
        )


@pytest.fixture(scope="session")
def broken(conformance, run_suites) -> Iterator[Broken]:
    port, key = free_port(), new_key()
    relay = Relay(provider_url=f"http://127.0.0.1:{port}")
    runner = ProcessRunner(LITELLM, why="for mutants")
    with relay:
        config = conformance("config", "--upstream-url", relay.provider_side).stdout
        try:
            relay.proxy_url = runner.start(config, key).url
            yield Broken(relay, key, port, run_suites)
        finally:
            runner.stop()
