"""The scripted provider: one HTTP server for all deployments of all cases.

A deployment is a path prefix, so a request belongs to exactly one deployment of one case without
a mark in its headers or body. What no case scripted is recorded too, and answered with an error
that says so.
"""

from __future__ import annotations

import hmac
import socket
import threading
from collections.abc import Callable
from typing import Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from harness.upstream.deployment import Placed
from harness.upstream.dialects.base import require
from harness.upstream.dialects.registry import DIALECTS
from harness.upstream.play import play
from harness.upstream.script import Answer, Failure
from harness.verdicts import HarnessError, Wire
from harness.wire.exchange import Exchange, Headers, Request
from harness.wire.serve import Servers

Responder = Callable[[Request], Answer]


class Script:
    """What one deployment answers, in order, and what it was asked. Thread-safe."""

    def __init__(self, placed: Placed) -> None:
        self.placed = placed
        self.dialect = DIALECTS[placed.dialect]
        self.exchanges: list[Exchange] = []  # generation requests, scripted or not
        self._answers: list[Answer] = []
        self._always: Responder | None = None
        self._changed = threading.Condition()

    def will(self, *answers: Answer) -> None:
        """Answer the next requests with these, one each.

        Raises:
            HarnessError: the dialect cannot express one of them.
        """
        for answer in answers:
            require(self.dialect, answer)
        with self._changed:
            self._answers.extend(answers)

    def always(self, responder: Responder) -> None:
        """Answer every further request with what ``responder`` makes of it."""
        with self._changed:
            self._always = responder

    @property
    def unused(self) -> int:
        """Answers that nothing has asked for yet."""
        with self._changed:
            return len(self._answers)

    def record(self, exchange: Exchange) -> None:
        """Keep a request that came in."""
        with self._changed:
            self.exchanges.append(exchange)
            self._changed.notify_all()

    def take(self, request: Request) -> Answer | None:
        """The next answer, or None when the case scripted no more."""
        with self._changed:
            if self._answers:
                return self._answers.pop(0)
        return self._always(request) if self._always is not None else None

    def changed(self) -> None:
        """Wake those who wait for an exchange to get on."""
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[list[Exchange]], bool], timeout: float) -> bool:
        """Block until ``condition`` holds for the exchanges, at most ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self.exchanges), timeout)


class Upstream:
    """The server, in a thread of its own. Use as a context manager."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.strays: list[Exchange] = []  # requests that belong to no case
        self._scripts: dict[str, Script] = {}
        self._servers: Servers | None = None
        self._refusing: socket.socket | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            HarnessError: the address cannot be listened on.
        """
        self._servers = Servers()
        try:
            self.port = self._servers.serve(self._handle, self.host, self.port)
        except OSError as error:
            self.stop()
            raise HarnessError(
                f"the scripted upstream cannot listen on {self.host}:{self.port} "
                f"({error.strerror or error})",
                fix="free that address, or give another one with --upstream-listen HOST:PORT",
            ) from None
        # Bound and not listening: this port refuses connections, and nobody else can take it.
        self._refusing = socket.socket()
        self._refusing.bind((self.host, 0))

    def stop(self) -> None:
        """Hang up on everybody. Safe to call twice."""
        if self._servers is not None:
            self._servers.close()
            self._servers = None
        if self._refusing is not None:
            self._refusing.close()
            self._refusing = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def refusing_port(self) -> int:
        """A port at the same address that refuses every connection."""
        if self._refusing is None:
            raise HarnessError("the scripted upstream is not running", fix="enter it first")
        return int(self._refusing.getsockname()[1])

    def open(self, placed: Placed) -> Script:
        """Start with an empty script for a deployment; what comes in is recorded on it."""
        script = Script(placed)
        self._scripts[placed.prefix] = script
        return script

    def close(self, script: Script) -> None:
        """Requests for this deployment are strays from now on."""
        self._scripts.pop(script.placed.prefix, None)

    async def _handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        request = Request(
            wire=Wire.UPSTREAM,
            headers=Headers.of_raw(incoming.raw_headers),
            method=incoming.method,
            target=incoming.raw_path,
            content=await incoming.read(),
        )
        exchange = Exchange(Wire.UPSTREAM, request)
        _, case, name, rest = (*incoming.path.split("/", 3), "", "", "")[:4]
        script = self._scripts.get(f"/{case}/{name}")
        for dialect in [script.dialect] if script else DIALECTS.values():
            if dialect.is_discovery(request.method, incoming.path):
                return web.Response(body=dialect.discovery(), content_type="application/json")
        if script is None:
            exchange.note = "stray"
            self.strays.append(exchange)
            return web.json_response({"error": "no such deployment"}, status=404)
        script.record(exchange)
        asked = script.dialect.understand(request, f"/{rest}")
        answer: Answer | None
        if asked is None:
            exchange.note = "not a generation request"
            answer = Failure(404, "The scripted provider has no such route.")
        elif not _authorised(request, script):
            exchange.note = "wrong key"
            answer = Failure(401, "The scripted provider does not know this key.")
        elif (answer := script.take(request)) is None:
            exchange.note = "unscripted"
            answer = Failure(500, "No case scripted an answer to this request.")
        try:
            return await play(incoming, exchange, script.dialect, answer, asked)
        finally:
            script.changed()


def _authorised(request: Request, script: Script) -> bool:
    """Whether the deployment's key came, wherever the provider takes it.

    Gemini takes it in a header of its own, in the query, and as a bearer token; releases of LiteLLM
    differ in which they use.
    Rule: https://cloud.google.com/docs/authentication/api-keys-use
    """
    places = [request.headers.get(script.dialect.key_header)]
    if script.dialect.name == "gemini":
        query = parse_qs(urlsplit(request.target).query)
        places += [*query.get("key", []), request.headers.get("Authorization")]
    sent = next((place for place in places if place), "").removeprefix("Bearer ")
    return hmac.compare_digest(sent.encode(), script.placed.key.encode())
