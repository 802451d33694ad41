"""Our plain client: sends what a case says, and keeps both directions as bytes with times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from harness.verdicts import Wire
from harness.wire.exchange import Chunk, Exchange, Headers, Request, Response

TIMEOUT = 30.0  # seconds without a byte until the proxy is taken for stalled
LESS_PATIENCE = 5.0  # seconds, once the proxy has stalled this many times:
STALLS = 3
LONGEST = 120.0  # seconds for a whole answer
STALLED = "nothing more, and the connection stays open"
MAX_ANSWER = 64 << 20  # bytes kept of one answer: a flood ends in a verdict, not in no memory


class HttpClient:
    """Talks to one proxy over kept-alive connections. Thread-safe, as httpx is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stalls = 0
        # identity: the bytes on the wire are then the bytes of the body
        self._headers = {"Accept-Encoding": "identity"}
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False, headers=self._headers)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, request: httpx.Request) -> Exchange:
        """Send, and read the whole answer; whatever goes wrong is in the exchange."""
        with self.open(request) as (exchange, reads):
            for _ in reads:
                pass
        return exchange

    def build(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        content: bytes = b"",
        timeout: float = TIMEOUT,
    ) -> httpx.Request:
        """A request to the proxy; ``timeout`` is seconds without a byte."""
        if self._stalls >= STALLS:
            timeout = min(timeout, LESS_PATIENCE)
        return self._client.build_request(
            method, self.url + path, headers=headers, content=content, timeout=timeout
        )

    @contextmanager
    def open(self, request: httpx.Request) -> Iterator[tuple[Exchange, Iterator[Chunk]]]:
        """Send; give the exchange and its chunks as they arrive. Leaving early hangs up."""
        exchange = Exchange(Wire.CLIENT, _recorded(request))
        try:
            answer = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            self._stalls += isinstance(error, httpx.ReadTimeout) and _patient(request)
            exchange.error = _said(error)
            yield exchange, iter(())
            return
        exchange.response = _started(answer)
        try:
            yield exchange, _reads(answer, exchange.response)
        finally:
            answer.close()
            self._stalls += exchange.response.broken == STALLED and _patient(request)

    async def abandon(self, request: httpx.Request, arrived: Callable[[], object]) -> Exchange:
        """Send, and hang up as soon as ``arrived``, which blocks, returns; no answer is read."""
        exchange = Exchange(Wire.CLIENT, _recorded(request), error="the client hung up")
        async with httpx.AsyncClient(trust_env=False, headers=self._headers) as client:
            sending = asyncio.create_task(client.send(request, stream=True))
            await asyncio.to_thread(arrived)
            sending.cancel()
            await asyncio.wait([sending])
        return exchange

    async def send_all(self, requests: Sequence[httpx.Request]) -> list[Exchange]:
        """Send all at once, each on a connection of its own; answers in the order of requests."""
        limits = httpx.Limits(max_connections=len(requests))
        async with httpx.AsyncClient(
            timeout=TIMEOUT, trust_env=False, limits=limits, headers=self._headers
        ) as client:
            return await asyncio.gather(*(_send_one(client, request) for request in requests))


def _patient(request: httpx.Request) -> bool:
    """Whether it waits so long that silence means a stalled proxy."""
    return bool(request.extensions["timeout"]["read"] >= LESS_PATIENCE)


def _reads(answer: httpx.Response, response: Response) -> Iterator[Chunk]:
    size = 0
    try:
        for data in answer.iter_raw():
            chunk = _kept(response, data)
            yield chunk
            size += len(data)
            if _too_much(response, size):
                return
    except httpx.HTTPError as error:
        response.broken = _said(error)


def _kept(response: Response, data: bytes) -> Chunk:
    chunk = Chunk(time.monotonic(), data)
    response.chunks.append(chunk)
    return chunk


def _too_much(response: Response, size: int) -> bool:
    """Whether enough has been read of an answer; then ``broken`` says why."""
    if size > MAX_ANSWER:
        response.broken = f"more than {MAX_ANSWER >> 20} MiB"
    elif time.monotonic() - response.started_at > LONGEST:
        response.broken = f"no end after {LONGEST:g} s"
    return response.broken is not None


async def _send_one(client: httpx.AsyncClient, request: httpx.Request) -> Exchange:
    exchange = Exchange(Wire.CLIENT, _recorded(request))
    try:
        answer = await client.send(request, stream=True)
        response = exchange.response = _started(answer)
        size = 0
        async for data in answer.aiter_raw():
            _kept(response, data)
            size += len(data)
            if _too_much(response, size):
                break
        await answer.aclose()
    except httpx.HTTPError as error:
        if exchange.response is None:
            exchange.error = _said(error)
        else:
            exchange.response.broken = _said(error)
    return exchange


def _recorded(request: httpx.Request) -> Request:
    return Request(
        wire=Wire.CLIENT,
        headers=Headers.of_raw(request.headers.raw),
        method=request.method,
        target=request.url.raw_path.decode(),
        content=request.content,
    )


def _started(answer: httpx.Response) -> Response:
    return Response(Wire.CLIENT, Headers.of_raw(answer.headers.raw), answer.status_code)


def _said(error: Any) -> str:
    """What went wrong, in words that are the same in every run."""
    return {
        "ConnectError": "connection refused",
        "ReadTimeout": STALLED,
        "RemoteProtocolError": "the proxy closed the connection in the middle",
        "ReadError": "the proxy reset the connection",
    }.get(type(error).__name__, type(error).__name__)
