"""Stands on both wires of a real proxy and lets mutants loose on what passes.

Without any it passes everything on as it came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from io import BytesIO
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from harness.mutants.registry import Mutant, Reply, Sent, Stage
from harness.wire.serve import Servers

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}
NOT_JSON: Any = object()


class Relay:
    """Two servers: one before the proxy at ``proxy_url``, one before the provider's address.

    ``mutants`` may be set to others between two requests.
    """

    def __init__(self, *, proxy_url: str = "", mutants: Sequence[Mutant] = ()) -> None:
        self.proxy_url = proxy_url
        self.provider_url = ""
        self.mutants = mutants
        self.host = ""
        self.port = 0
        self.provider_port = 0
        self._servers: Servers | None = None
        self._session: aiohttp.ClientSession | None = None
        self._deaf: set[asyncio.Task[web.StreamResponse]] = set()

    def start(self, host: str, *, provider_url: str, port: int = 0) -> None:
        """Listen for the client on ``port``, and for the proxy on another.

        Raises:
            OSError: the address cannot be listened on.
        """
        self.host, self.provider_url = host, provider_url
        self._servers = Servers()
        self._servers.run(self._open_session())
        self.port = self._servers.serve(self._client_side, host, port)
        self.provider_port = self._servers.serve(self._provider_side, host)

    def stop(self) -> None:
        """Hang up on everybody. Safe to call twice."""
        if self._servers is None:
            return
        if self._session is not None:
            self._servers.run(self._session.close())
        self._servers.close()
        self._servers = None

    @property
    def url(self) -> str:
        """Where the broken gateway answers."""
        return f"http://{self.host}:{self.port}"

    @property
    def provider_side(self) -> str:
        """What the proxy has to take for the provider's address."""
        return f"http://{self.host}:{self.provider_port}"

    async def _open_session(self) -> None:
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
        )

    def _at(self, stage: Stage) -> list[Callable[..., Any]]:
        return [f for mutant in self.mutants if (f := mutant.at(stage)) is not None]

    def _edit(self, stage: Stage, subject: Any) -> None:
        for function in self._at(stage):
            function(subject)

    async def _client_side(self, incoming: web.BaseRequest) -> web.StreamResponse:
        sent = await _sent(incoming)
        self._edit(Stage.REQUEST, sent)
        answering = self._answered(incoming, sent)
        if not sent.deaf:
            return await answering
        task = asyncio.create_task(answering)
        self._deaf.add(task)  # the loop itself keeps no hold on a task
        task.add_done_callback(self._deaf.discard)
        return await asyncio.shield(task)

    async def _answered(self, incoming: web.BaseRequest, sent: Sent) -> web.StreamResponse:
        try:
            answer = await self._forward(self.proxy_url, sent)
        except aiohttp.ClientError:
            return web.Response(status=502)
        async with answer:
            reply = Reply(answer.status, _passed_on(answer.headers), sent)
            self._edit(Stage.HEAD, reply)
            if answer.content_type == "text/event-stream":
                return await self._stream(incoming, answer, reply)
            return await self._whole(incoming, answer, reply)

    async def _provider_side(self, incoming: web.BaseRequest) -> web.StreamResponse:
        sent = await _sent(incoming)
        self._edit(Stage.UPSTREAM, sent)
        try:
            answer = await self._forward(self.provider_url, sent)
        except aiohttp.ClientError:
            return _hang_up(incoming)
        async with answer:
            outgoing = web.StreamResponse(status=answer.status, headers=_passed_on(answer.headers))
            try:
                if answer.content_type != "text/event-stream":
                    body = self._from_provider(await answer.read())
                    outgoing.content_length = len(body)
                    await outgoing.prepare(incoming)
                    await outgoing.write(body)
                else:
                    await outgoing.prepare(incoming)
                    async for event in _events(answer):
                        await outgoing.write(self._event_from_provider(event))
            except aiohttp.ClientError:
                return _hang_up(incoming, outgoing)
            await outgoing.write_eof()
            return outgoing

    def _from_provider(self, body: bytes) -> bytes:
        document = _json(body)
        if document is NOT_JSON or not self._at(Stage.PROVIDER):
            return body
        self._edit(Stage.PROVIDER, document)
        return _dumped(document)

    def _event_from_provider(self, event: bytes) -> bytes:
        head, mark, data = event.partition(b"data:")
        changed = self._from_provider(data.strip()) if mark else b""
        return event if changed == data.strip() else head + b"data: " + changed + b"\n\n"

    async def _forward(self, base: str, sent: Sent) -> aiohttp.ClientResponse:
        assert self._session is not None  # noqa: S101 - entered before it serves
        body = sent.body if isinstance(sent.body, bytes) else _dumped(sent.body)
        return await self._session.request(
            sent.method,
            URL(base + sent.path, encoded=True),
            headers=sent.headers,
            data=BytesIO(body) if body else None,  # aiohttp warns of large bodies that are bytes
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    async def _whole(
        self, incoming: web.BaseRequest, answer: aiohttp.ClientResponse, reply: Reply
    ) -> web.StreamResponse:
        try:
            body = await answer.read()
        except aiohttp.ClientError:
            return _hang_up(incoming)
        body = self._answer(body, reply)
        outgoing = web.Response(status=reply.status, headers=reply.headers, body=body)
        await outgoing.prepare(incoming)
        await outgoing.write_eof()
        return outgoing

    async def _stream(
        self, incoming: web.BaseRequest, answer: aiohttp.ClientResponse, reply: Reply
    ) -> web.StreamResponse:
        outgoing = web.StreamResponse(status=reply.status, headers=reply.headers)
        await outgoing.prepare(incoming)
        try:
            async for event in _events(answer):
                for piece in self._event(event, reply):
                    await self._write(outgoing, piece, reply)
        except aiohttp.ClientError:
            return _hang_up(incoming, outgoing)
        await self._write(outgoing, b"", reply)
        await outgoing.write_eof()
        return outgoing

    def _answer(self, body: bytes, reply: Reply) -> bytes:
        document = _json(body)
        functions = self._at(Stage.ANSWER)
        if document is NOT_JSON or not functions:
            return body
        for function in functions:
            changed = function(document, reply)
            document = document if changed is None else changed
            if isinstance(document, bytes):
                return document
        return _dumped(document)

    def _event(self, event: bytes, reply: Reply) -> list[bytes]:
        data = event.partition(b"data:")[2].strip()
        if data == b"[DONE]":
            done = self._at(Stage.DONE)
            return list(done[0](reply)) if done else [event]
        functions = self._at(Stage.CHUNK)
        document = _json(data)
        if document is NOT_JSON or not functions:
            return [event]
        documents = [document]
        for function in functions:
            documents = [new for old in documents for new in _chunks(function, old, reply)]
        return [d if isinstance(d, bytes) else b"data: " + _dumped(d) + b"\n\n" for d in documents]

    async def _write(self, outgoing: web.StreamResponse, data: bytes, reply: Reply) -> None:
        """Write a piece of a stream; an empty one at its end lets out what was held back."""
        pieces = [data]
        for function in self._at(Stage.RAW):
            held = [b""] if not data and pieces != [b""] else []
            pieces = [new for old in [*pieces, *held] for new in function(old, reply)]
        for piece in pieces:
            if piece:
                await outgoing.write(piece)


def _chunks(function: Callable[..., Any], document: Any, reply: Reply) -> list[Any]:
    if isinstance(document, bytes):
        return [document]
    changed = function(document, reply)
    return [document] if changed is None else list(changed)


async def _sent(incoming: web.BaseRequest) -> Sent:
    body = await incoming.read()
    document = _json(body)
    return Sent(
        method=incoming.method,
        path=incoming.raw_path,
        headers=_passed_on(incoming.headers),
        # Bytes that no mutant touches must arrive as they were sent.
        body=body if document is NOT_JSON or _dumped(document) != body else document,
    )


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Whole events with their blank line; at the end whatever is left."""
    buffer = b""
    async for data in answer.content.iter_any():
        buffer += data
        while b"\n\n" in buffer:
            event, _, buffer = buffer.partition(b"\n\n")
            yield event + b"\n\n"
    if buffer:
        yield buffer


def _passed_on(headers: Any) -> CIMultiDict[str]:
    kept = [(k, v) for k, v in headers.items() if k.lower() not in HOP_BY_HOP]
    return CIMultiDict(kept)


def _hang_up(
    incoming: web.BaseRequest, outgoing: web.StreamResponse | None = None
) -> web.StreamResponse:
    if incoming.transport is not None:
        incoming.transport.close()
    return outgoing or web.Response(status=502)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOT_JSON


def _dumped(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
