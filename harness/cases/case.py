"""The case at work: arrange what the upstream will say, ask, look at either wire."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

import httpx

from harness.cases.answer import Answer
from harness.cases.live import LiveStream
from harness.clients.http import TIMEOUT, HttpClient
from harness.proxies.base import Endpoint
from harness.upstream.deployment import Placed
from harness.upstream.play import HUNG_UP
from harness.upstream.script import Answer as Scripted
from harness.upstream.server import Responder, Script, Upstream
from harness.verdicts import HarnessError, NotTestable, Wire, violation
from harness.wire.exchange import Exchange, Request

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "Hello"}]
LIVE_TIMEOUT = 10.0  # seconds: a delta that the provider has sent is due at once
NO_UPSTREAM = (
    "this proxy's upstream is not ours: start it with the config that `conformance config` "
    "prints, and give --upstream-listen HOST:PORT"
)


class Provider:
    """One scripted deployment as a case sees it."""

    def __init__(self, script: Script, port: int = 0) -> None:
        self._script = script
        self._port = port
        self.model = script.placed.group
        self.key = script.placed.key

    def is_named_in(self, text: str) -> list[str]:
        """The parts of its address, as the proxy knows it, that a text gives away."""
        port = rf":{self._port}\b"
        found = {
            "host and port": re.search(rf"(\d+(\.\d+){{3}}|[a-z][\w.-]*[a-z]){port}", text),
            "path": self._script.placed.prefix in text,
        }
        return [part for part, there in found.items() if there]

    def will(self, *answers: Scripted) -> None:
        """Answer the next requests with these, one each."""
        self._script.will(*answers)

    def always(self, responder: Responder) -> None:
        """Answer every further request with what ``responder`` makes of it."""
        self._script.always(responder)

    @property
    def exchanges(self) -> list[Exchange]:
        """All that this deployment was asked, in order of arrival."""
        return self._script.exchanges

    @property
    def request(self) -> Request:
        """The one request it got.

        Raises:
            Violation: it got none, or more than one.
        """
        if len(self.exchanges) != 1:
            raise violation(Wire.UPSTREAM, "requests", expected="1", seen=str(len(self.exchanges)))
        return self.exchanges[0].request

    def wait_for_hang_up(self, timeout: float = 10) -> None:
        """Until the proxy has closed its connection to the provider.

        Raises:
            Violation: it has not within ``timeout`` seconds.
        """
        closed = self._script.wait_for(
            lambda all_: any(e.response is not None and e.response.broken == HUNG_UP for e in all_),
            timeout,
        )
        if not closed:
            raise violation(
                Wire.UPSTREAM,
                "connection",
                expected="closed after the client hung up",
                seen=f"still open after {timeout:g} s",
            )


class Case:
    """What a case works with. ``stream`` and ``dialect`` come from its parameters."""

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        client: HttpClient,
        upstream: Upstream | None,
        placed: Sequence[Placed],
        stream: bool,
    ) -> None:
        self.endpoint = endpoint
        self.stream = stream
        self.exchanges: list[Exchange] = []  # the client wire
        self._client = client
        self._upstream = upstream
        self._placed = {p.deployment.name: p for p in placed}
        self._scripts: dict[str, Script] = {}

    def __enter__(self) -> Self:
        if self._upstream is not None:
            self._scripts = {n: self._upstream.open(p) for n, p in self._placed.items()}
        return self

    def __exit__(self, *exc: object) -> None:
        for script in self._scripts.values():
            if self._upstream is not None:
                self._upstream.close(script)

    @property
    def scripts(self) -> list[Script]:
        """The scripts of all deployments of this case."""
        return list(self._scripts.values())

    @property
    def dialect(self) -> str:
        """The protocol of the first deployment."""
        return next(iter(self._placed.values())).dialect

    @property
    def model(self) -> str:
        """The model group of the first deployment."""
        return next(iter(self._placed.values())).group

    @property
    def upstream(self) -> Provider:
        """The provider behind the first deployment.

        Raises:
            NotTestable: the proxy's upstream is not ours.
        """
        return self.provider(next(iter(self._placed)))

    def provider(self, name: str) -> Provider:
        """The provider behind a deployment.

        Raises:
            NotTestable: the proxy's upstream is not ours.
        """
        if self._upstream is None:
            raise NotTestable(NO_UPSTREAM)
        if name not in self._scripts:
            raise HarnessError(
                f"the case declares no deployment {name!r}", fix="add it with @deployments(…)"
            )
        listens = self._placed[name].deployment.listens
        port = self._upstream.port if listens else self._upstream.refusing_port
        return Provider(self._scripts[name], port)

    def body(self, messages: str | Sequence[Any] = HELLO, **fields: Any) -> dict[str, Any]:
        """A chat request for the first deployment; ``stream`` only where the case streams."""
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        out: dict[str, Any] = {"model": self.model, "messages": list(messages)}
        if self.stream:
            out["stream"] = True
        return {**out, **fields}

    def ask(
        self,
        messages: str | Sequence[Any] = HELLO,
        *,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Answer:
        """Send a chat request and read the whole answer."""
        return self.send("POST", "/v1/chat/completions", self.body(messages, **fields), headers)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Send any request. ``body``: bytes as they are, else JSON. An empty header is left out.

        ``timeout`` is the seconds without a byte after which the proxy is taken for stalled.
        """
        exchange = self._client.send(self._request(method, path, body, headers, timeout=timeout))
        self.exchanges.append(exchange)
        streamed = isinstance(body, dict) and body.get("stream") is True
        return Answer(exchange, streamed=streamed)

    @contextmanager
    def streaming(
        self,
        messages: str | Sequence[Any] = HELLO,
        *,
        patience: float = LIVE_TIMEOUT,
        **fields: Any,
    ) -> Iterator[LiveStream]:
        """Send a streaming chat request and look at it while it arrives.

        After ``patience`` seconds without a byte the client hangs up.
        """
        body = {**self.body(messages, **fields), "stream": True}
        request = self._request("POST", "/v1/chat/completions", body, None, timeout=patience)
        with self._client.open(request) as (exchange, reads):
            self.exchanges.append(exchange)
            yield LiveStream(exchange, reads)

    def hang_up(self, messages: str | Sequence[Any] = HELLO, **fields: Any) -> None:
        """Send a streaming chat request, and hang up as soon as the provider has got it."""
        script = next(iter(self._scripts.values()))
        before = len(script.exchanges)
        request = self._request(
            "POST", "/v1/chat/completions", {**self.body(messages, **fields), "stream": True}, None
        )
        arrived = partial(script.wait_for, lambda all_: len(all_) > before, LIVE_TIMEOUT)
        self.exchanges.append(asyncio.run(self._client.abandon(request, arrived)))

    def ask_all(self, requests: Sequence[dict[str, Any]]) -> list[Answer]:
        """Send chat requests all at once; answers in the order of requests."""
        built = [self._request("POST", "/v1/chat/completions", body, None) for body in requests]
        exchanges = asyncio.run(self._client.send_all(built))
        self.exchanges += exchanges
        return [
            Answer(e, streamed=b.get("stream") is True)
            for e, b in zip(exchanges, requests, strict=True)
        ]

    def _request(
        self,
        method: str,
        path: str,
        body: Any,
        headers: Mapping[str, str] | None,
        timeout: float = TIMEOUT,
    ) -> httpx.Request:
        content = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        lines = {"Authorization": f"Bearer {self.endpoint.key}"}
        if body is not None:
            lines["Content-Type"] = "application/json"
        lines.update(headers or {})
        kept = {name: value for name, value in lines.items() if value}
        return self._client.build(method, path, headers=kept, content=content, timeout=timeout)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
