"""A failed case, as somebody reads it who has to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from harness.cases.binding import Binding
from harness.cases.case import Case
from harness.cases.invariants import exchanges
from harness.contract.ledger import Ledger
from harness.report.curl import curl
from harness.verdicts import Fact
from harness.wire.exchange import Exchange, Message
from harness.wire.sse import read_events

LABEL = 10  # width of the left column
SHOWN_BODY = 600  # characters of a body
SHOWN_EVENTS = 8
LOG_LINES = 15
SERVED = re.compile(r'"(GET|POST) \S+ HTTP/[\d.]+" 200')  # a request that went well


def failure_text(
    binding: Binding,
    ledger: Ledger,
    facts: Sequence[Fact],
    *,
    case: Case | None,
    log: str,
    redact: Callable[[str], str],
) -> str:
    """Requirement, source, expected and seen aligned, both wires, log, and how to repeat it."""
    lines: list[str] = []
    for id_ in binding.requirements:
        row = ledger[id_]
        lines += [_row(row.level.value, f"{row.id}: {row.text}"), _row("source", row.source)]
    for fact in facts:
        lines += [
            "",
            _row("wire", f"{fact.wire}: {fact.what}"),
            _row("expected", fact.expected),
            _row("seen", fact.seen),
        ]
    if case is not None:
        lines += ["", *(_row(e.wire.value, text) for e in exchanges(case) for text in _shown(e))]
    if log:
        kept = [line for line in log.splitlines() if line.strip() and not SERVED.search(line)]
        kept = kept[-LOG_LINES:]
        lines += ["", *(_row("log" if n == 0 else "", line[:200]) for n, line in enumerate(kept))]
    lines += ["", _row("repeat", f"pytest '{binding.nodeid}'")]
    if case is not None and case.exchanges:
        request = case.exchanges[-1].request
        lines.append(_row("", curl(request, case.endpoint.url, case.endpoint.key)))
    return redact("\n".join(lines))


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"


def _shown(exchange: Exchange) -> Iterable[str]:
    request, response = exchange.request, exchange.response
    note = f"  [{exchange.note}]" if exchange.note else ""
    yield f"{request.method} {request.target}{note}"
    yield f"  > {_clipped(request)}"
    if response is None:
        yield f"  < {exchange.error or 'no answer'}"
        return
    kind = response.headers.get("content-type") or "no content type"
    broken = f", {response.broken}" if response.broken else ""
    yield f"  < {response.status} {kind}{broken}"
    if kind.startswith("text/event-stream"):
        events, rest = read_events(response.chunks)
        shown = [f"  < data: {_clip(event.data, 300)}" for event in events]
        if len(shown) > SHOWN_EVENTS:
            cut = len(shown) - SHOWN_EVENTS
            shown = [
                *shown[: SHOWN_EVENTS // 2],
                f"  < … {cut} more …",
                *shown[-SHOWN_EVENTS // 2 :],
            ]
        yield from shown
        if rest:
            yield f"  < unfinished: {_clip(rest, 300)}"
    else:
        yield f"  < {_clipped(response)}"


def _clipped(message: Message) -> str:
    return _clip(message.body.decode("utf-8", "replace"), SHOWN_BODY)


def _clip(text: str, limit: int) -> str:
    text = text.replace("\n", "⏎").replace("\r", "␍")
    return text if len(text) <= limit else f"{text[:limit]} …({len(text)} characters)"
