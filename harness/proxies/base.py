"""What every way of getting a proxy has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A proxy that answers. ``url`` has no trailing slash and no ``/v1``."""

    url: str
    key: str


class Runner(Protocol):
    """One way of getting a proxy under test: process, container, command or URL.

    A run goes: bind the scripted upstream on ``upstream_host``, compile a LiteLLM config whose
    deployments point at ``upstream_url(port)``, ``start`` with it, run the cases, ``stop``.
    """

    name: str  # as the user writes it after --proxy
    why: str  # why this one was taken, for the header of the run
    upstream_host: str  # the address that the scripted upstream has to listen on

    def upstream_url(self, port: int) -> str:
        """The scripted upstream's base URL as the proxy has to write it; no trailing slash."""
        ...

    def start(self, config: str, key: str) -> Endpoint:
        """Start a proxy with that LiteLLM config (YAML text) and master key; wait until ready.

        Raises:
            HarnessError: it cannot be started, exits, or does not become ready. Nothing is left
                behind in that case.
        """
        ...

    def log(self) -> str:
        """All that the proxy has logged so far; empty where there is no access to it."""
        ...

    def stop(self) -> None:
        """Stop it and all that it started. Safe to call twice, and after a failed start."""
        ...
