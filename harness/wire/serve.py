"""An HTTP server in a thread of its own: what plays the provider, and what stands on a wire."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from aiohttp import web

MAX_BODY = 1 << 30  # bytes of a request
MAX_HEADER = 1 << 16  # bytes of a header line

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Servers:
    """An event loop in a thread, and the servers that run in it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._runners: list[web.ServerRunner] = []
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def serve(self, handler: Handler, host: str, port: int = 0) -> int:
        """Answer every request with ``handler``; the port is given back.

        A handler is cancelled when its client goes away.

        Raises:
            OSError: the address cannot be listened on.
        """
        return int(self.run(self._serve(handler, host, port)))

    def close(self) -> None:
        """Stop the servers, hanging up on whoever is still there, and the thread."""
        for runner in self._runners:
            self.run(runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _serve(self, handler: Handler, host: str, port: int) -> int:
        def request(
            message: Any, payload: Any, protocol: Any, writer: Any, task: Any
        ) -> web.BaseRequest:
            return web.BaseRequest(
                message, payload, protocol, writer, task, self.loop, client_max_size=MAX_BODY
            )

        server = web.Server(
            handler,
            request_factory=request,
            handler_cancellation=True,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
        )
        runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port).start()
        return int(runner.addresses[0][1])
