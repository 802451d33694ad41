"""Plays one scripted answer on a connection, faults included, and records what was sent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Iterator

from aiohttp import web

from harness.upstream.dialects.base import Asked, Dialect
from harness.upstream.script import Answer, Completion, Failure, Fault
from harness.verdicts import Wire
from harness.wire.exchange import Chunk, Exchange, Headers, Response

HUNG_UP = "the proxy closed the connection"
MALFORMED_BODY = b'{"this is": not JSON'


class _Stop(Exception):  # noqa: N818 - not an error
    """The connection has been ended by a fault; nothing more can be written."""


async def play(
    incoming: web.BaseRequest,
    exchange: Exchange,
    dialect: Dialect,
    answer: Answer,
    asked: Asked | None,
) -> web.StreamResponse:
    """Send ``answer``. Cancelled by the server when the proxy goes away first."""
    if isinstance(answer, Failure):
        return await _fail(incoming, exchange, dialect, answer)
    if asked is None:
        raise TypeError("a completion answers a generation request only")
    player = _Player(incoming, exchange, answer)
    try:
        await asyncio.sleep(answer.pause)
        if asked.stream:
            await player.stream(dialect, asked)
        else:
            await player.whole(dialect, asked)
    except _Stop:
        pass
    except (asyncio.CancelledError, ConnectionError) as gone:
        player.response.broken = HUNG_UP
        if isinstance(gone, asyncio.CancelledError):
            raise
    return player.outgoing


async def _fail(
    incoming: web.BaseRequest, exchange: Exchange, dialect: Dialect, answer: Failure
) -> web.StreamResponse:
    await asyncio.sleep(answer.pause)
    body = dialect.error(answer) if answer.body is None else answer.body
    outgoing = web.Response(
        status=answer.status,
        body=body,
        headers=[*answer.headers, ("Content-Type", answer.content_type)],
    )
    exchange.response = Response(
        Wire.UPSTREAM,
        Headers(tuple(outgoing.headers.items())),
        answer.status,
        [Chunk(time.monotonic(), body)],
    )
    await outgoing.prepare(incoming)
    await outgoing.write_eof()
    return outgoing


class _Player:
    """One completion on one connection."""

    def __init__(self, incoming: web.BaseRequest, exchange: Exchange, answer: Completion) -> None:
        self.incoming = incoming
        self.answer = answer
        self.outgoing = web.StreamResponse(headers=list(answer.headers))
        self.response = Response(Wire.UPSTREAM, Headers(), 200)
        exchange.response = self.response

    async def stream(self, dialect: Dialect, asked: Asked) -> None:
        """The events one by one, with gates, pace and the fault in its place."""
        answer, rendered = self.answer, dialect.stream(self.answer, asked)
        events, terminator = rendered.events, rendered.terminator
        if answer.edit is not None:
            events, terminator = tuple(answer.edit([*events, terminator])), b""
        if answer.after == 0 and answer.fault in (Fault.RESET, Fault.CUT, Fault.STALL):
            await self._strike(0, dialect)
        await self._start(answer.content_type or rendered.content_type)
        gates = dict(answer.gates)
        if answer.after == 0 and answer.fault in (Fault.MALFORMED, Fault.ERROR_EVENT):
            await self._strike(0, dialect)
        for n, event in enumerate(events, start=-dialect.lead_in):
            if n in gates:
                await gates[n].passed()
            if n > 0:
                await self._strike(n, dialect)
            await asyncio.sleep(answer.pace)
            await self._write(event)
        if answer.fault is not Fault.NO_TERMINATOR:
            await self._write(terminator)
        await self.outgoing.write_eof()

    async def whole(self, dialect: Dialect, asked: Asked) -> None:
        """The body at once; a fault with ``after`` > 0 strikes in the middle of it."""
        answer, body = self.answer, dialect.body(self.answer, asked)
        if answer.fault is Fault.MALFORMED:
            body = MALFORMED_BODY
        elif answer.fault in (Fault.RESET, Fault.CUT, Fault.STALL):
            if answer.after == 0:
                await self._strike(0, dialect)
            self.outgoing.content_length = len(body)
            await self._start(answer.content_type or "application/json")
            await self._write(body[: len(body) // 2])
            await self._strike(answer.after, dialect)
        self.outgoing.content_length = len(body)
        await self._start(answer.content_type or "application/json")
        await self._write(body)
        await self.outgoing.write_eof()

    async def _start(self, content_type: str) -> None:
        self.outgoing.headers["Content-Type"] = content_type
        await self.outgoing.prepare(self.incoming)
        self.response.headers = Headers(tuple(self.outgoing.headers.items()))
        self.response.started_at = time.monotonic()

    async def _write(self, data: bytes) -> None:
        for piece in _pieces(data, self.answer.write_size):
            await self.outgoing.write(piece)
            self.response.chunks.append(Chunk(time.monotonic(), piece))
            if self.answer.write_size:
                await asyncio.sleep(0)  # let the piece leave as a packet of its own

    async def _strike(self, sent: int, dialect: Dialect) -> None:
        """Let the fault happen when ``sent`` events are out and its turn has come."""
        answer = self.answer
        if answer.fault is None or sent != answer.after:
            return
        if answer.fault is Fault.MALFORMED:
            await self._write(dialect.malformed_event)
        elif answer.fault is Fault.ERROR_EVENT:
            await self._write(dialect.error_event())
            await self.outgoing.write_eof()
            raise _Stop
        elif answer.fault is Fault.END:
            await self.outgoing.write_eof()
            raise _Stop
        elif answer.fault is Fault.STALL:
            self.response.broken = "stalled"
            await asyncio.Event().wait()
        elif answer.fault in (Fault.RESET, Fault.CUT):
            self.response.broken = answer.fault
            self._hang_up(reset=answer.fault is Fault.RESET)
            raise _Stop

    def _hang_up(self, *, reset: bool) -> None:
        transport = self.incoming.transport
        if transport is None:
            return
        if reset:
            raw = transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()


def _pieces(data: bytes, size: int | None) -> Iterator[bytes]:
    if not data:
        return
    step = size or len(data)
    for start in range(0, len(data), step):
        yield data[start : start + step]
