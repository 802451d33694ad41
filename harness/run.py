"""One run: the scripted upstream, the proxy in front of it, and what the proxy says it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from harness.clients.http import STALLED, HttpClient
from harness.mutants.relay import Relay
from harness.proxies.base import Endpoint, Runner
from harness.proxies.choose import Wanted, choose
from harness.proxies.command import new_key
from harness.proxies.config import litellm_config
from harness.proxies.readiness import Identity, answers, identify
from harness.upstream.deployment import KEY_PATTERN, Placed, unique
from harness.upstream.server import Upstream
from harness.verdicts import HarnessError
from harness.wire.exchange import Exchange
from harness.wire.redact import Redactor

DEFAULT_UPSTREAM_PORT = 0


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked for."""

    wanted: Wanted
    key: str | None = None  # of a proxy that already runs
    listen: tuple[str, int] | None = None  # --upstream-listen


class Run:
    """Start it, use ``endpoint``, ``client`` and ``upstream``, stop it."""

    def __init__(
        self, options: Options, placed: Sequence[Placed], relay: Relay | None = None
    ) -> None:
        self.redact = Redactor()
        self.upstream: Upstream | None = None
        self._options = options
        self._placed = unique(placed)
        self._relay = relay  # on both wires, where mutants are let loose
        self._log_shown = 0  # characters
        self.lost: str | None = None  # the case after which the proxy answered no more
        self._runner: Runner | None = None
        self._client: HttpClient | None = None
        self._endpoint: Endpoint | None = None
        self.identity = Identity("unknown", "")

    def start(self) -> None:
        """Start everything, or nothing.

        Raises:
            HarnessError: with secrets already taken out of its text.
        """
        try:
            self._start()
        except BaseException as error:
            self.stop()
            if isinstance(error, HarnessError):
                error.message, error.detail = self.redact(error.message), self.redact(error.detail)
            raise

    def _start(self) -> None:
        runner = self._runner = choose(self._options.wanted)
        key = self._key(runner)
        self.redact.add(key, "$LITELLM_API_KEY")
        self.redact.add_pattern(KEY_PATTERN, "<upstream key>")
        url = ""
        if runner.name != "url" or self._options.listen is not None:
            host, port = self._options.listen or (runner.upstream_host, DEFAULT_UPSTREAM_PORT)
            self.upstream = Upstream(host, port)
            self.upstream.start()
            url = runner.upstream_url(self.upstream.port)
        if self._relay is not None:
            self._relay.start(runner.upstream_host, provider_url=url)
            url = runner.upstream_url(self._relay.provider_port)
        self._endpoint = runner.start(self._config(runner, url), key)
        if self._relay is not None:
            self._relay.proxy_url = self._endpoint.url
            self._endpoint = Endpoint(self._relay.url, key)
        self._client = HttpClient(self._endpoint.url)
        self.identity = identify(self._endpoint.url, key)
        if runner.name == "url" and self.upstream is not None:
            self._check_exported()

    def _config(self, runner: Runner, url: str) -> str:
        if self.upstream is None:
            return ""
        refusing = runner.upstream_url(self.upstream.refusing_port)
        return litellm_config(self._placed, url, refusing_url=refusing)

    def _key(self, runner: Runner) -> str:
        if runner.name != "url":
            return new_key()
        key = self._options.key or os.environ.get("LITELLM_API_KEY")
        if not key:
            raise HarnessError(
                "a proxy that already runs needs its key",
                fix="give it with --proxy-key, or in LITELLM_API_KEY",
            )
        return key

    def _check_exported(self) -> None:
        """With ``--upstream-listen`` the proxy must have been started with our config."""
        listed = self.client.send(
            self.client.build(
                "GET", "/v1/models", headers={"Authorization": f"Bearer {self.endpoint.key}"}
            )
        )
        text = listed.response.body.decode("utf-8", "replace") if listed.response else ""
        missing = [p.group for p in self._placed if f'"{p.group}"' not in text]
        if missing:
            raise HarnessError(
                f"the proxy does not serve {len(missing)} of the cases' {len(self._placed)} models "
                f"({missing[0]}, …)",
                fix="start it with the config that `conformance config` prints today",
            )

    @property
    def endpoint(self) -> Endpoint:
        """The proxy."""
        assert self._endpoint is not None, "the run has not started"  # noqa: S101
        return self._endpoint

    @property
    def client(self) -> HttpClient:
        """Our client to it."""
        assert self._client is not None, "the run has not started"  # noqa: S101
        return self._client

    def look_after(self, case: str, exchanges: Sequence[Exchange]) -> None:
        """After a case that got no answer: does the proxy answer at all? ``lost`` says so."""
        silent = any(e.response is None or e.response.broken == STALLED for e in exchanges)
        if silent and not any(answers(self.endpoint) for _ in range(2)):
            self.lost = case

    @property
    def headline(self) -> str:
        """What is tested, how it came to run, and why so."""
        if self._runner is None:
            return "no proxy"
        return f"{self.identity} ({self._runner.name}; {self._runner.why}) at {self.endpoint.url}"

    def new_log(self) -> str:
        """What the proxy has logged since this was last asked, without secrets."""
        log = self._runner.log() if self._runner is not None else ""
        new, self._log_shown = log[self._log_shown :], len(log)
        return self.redact(new)

    def stop(self) -> None:
        """Stop everything; safe to call twice."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._runner is not None:
            self._runner.stop()
        if self._relay is not None:
            self._relay.stop()
        if self.upstream is not None:
            self.upstream.stop()
            self.upstream = None
