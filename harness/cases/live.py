"""A stream that is looked at while it arrives."""

from __future__ import annotations

from collections.abc import Iterator

from harness.cases.answer import Answer
from harness.verdicts import Wire, violation
from harness.wire.exchange import Chunk, Exchange


class LiveStream:
    """One streamed answer in the making. Leaving its ``with`` block early hangs up."""

    def __init__(self, exchange: Exchange, reads: Iterator[Chunk]) -> None:
        self._exchange = exchange
        self._reads = reads

    def until(self, text: str) -> None:
        """Read on until the joined content of choice 0 holds ``text``.

        Raises:
            Violation: the stream ends, or stays silent, before that.
        """
        while True:
            so_far = self._answer()
            if self._exchange.response is not None and text in (so_far.text or ""):
                return
            if next(self._reads, None) is None:
                response = self._exchange.response
                seen = response.broken if response and response.broken else "the end of the stream"
                raise violation(
                    Wire.CLIENT, "stream", expected=f"{text!r} while the provider waits", seen=seen
                )

    def finish(self) -> Answer:
        """Read to the end."""
        for _ in self._reads:
            pass
        return self._answer()

    def _answer(self) -> Answer:
        return Answer(self._exchange, streamed=True)
