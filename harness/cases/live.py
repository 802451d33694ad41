"""A stream that is looked at while it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
        self._read_on(f"{text!r}", lambda answer: text in (answer.text or ""))

    def until_called(self, name: str, arguments: str = "") -> None:
        """Read on until choice 0 calls tool ``name`` with (so far) these arguments in it.

        Raises:
            Violation: the stream ends, or stays silent, before that.
        """

        def called(answer: Answer) -> bool:
            return any(c.name == name and arguments in c.arguments for c in answer.tool_calls)

        self._read_on(f"a call of {name} with {arguments!r}", called)

    def _read_on(self, what: str, there: Callable[[Answer], bool]) -> None:
        while self._exchange.response is None or not there(self._answer()):
            if next(self._reads, None) is None:
                response = self._exchange.response
                broken = response.broken if response is not None else self._exchange.error
                raise violation(
                    Wire.CLIENT,
                    "stream",
                    expected=f"{what} while the provider waits",
                    seen=broken or "the end of the stream",
                )

    def finish(self) -> Answer:
        """Read to the end."""
        for _ in self._reads:
            pass
        return self._answer()

    def _answer(self) -> Answer:
        return Answer(self._exchange, streamed=True)
