"""What holds in every case, whatever it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.cases.case import Case
from harness.verdicts import Fact, Wire
from harness.wire.exchange import Exchange, Message
from harness.wire.redact import encodings


def leaks(case: Case) -> list[Fact]:
    """Keys where they must not be: none of any kind with the client, no client's key upstream."""
    upstream_keys = {
        f"the key of deployment {s.placed.deployment.name}": s.placed.key for s in case.scripts
    }
    client_key = {"the client's key": case.endpoint.key}
    facts: list[Fact] = []
    for exchange in case.exchanges:
        facts += _found(Wire.CLIENT, "response", exchange.response, {**upstream_keys, **client_key})
    for script in case.scripts:
        own = f"the key of deployment {script.placed.deployment.name}"
        foreign = {**{n: k for n, k in upstream_keys.items() if n != own}, **client_key}
        for exchange in script.exchanges:
            facts += _found(Wire.UPSTREAM, "request", exchange.request, foreign)
            if foreign_in_target := [n for n, k in foreign.items() if k in exchange.request.target]:
                facts.append(_leak(Wire.UPSTREAM, "request target", foreign_in_target[0]))
    return list(dict.fromkeys(facts))


def unexpected_traffic(case: Case) -> list[Fact]:
    """The upstream was asked for exactly what the case scripted, with the right key."""
    notes = Counter(e.note for script in case.scripts for e in script.exchanges if e.note)
    facts = [
        Fact(Wire.UPSTREAM, "requests", "only those that the case scripted", f"{n} more ({note})")
        for note, n in sorted(notes.items())
    ]
    if unused := sum(script.unused for script in case.scripts):
        facts.append(
            Fact(Wire.UPSTREAM, "requests", "one for each scripted answer", f"{unused} missing")
        )
    return facts


def _found(
    wire: Wire, what: str, message: Message | None, secrets: dict[str, str]
) -> Iterable[Fact]:
    if message is None:
        return
    places = [(f"{what} header {name.lower()}", value) for name, value in message.headers.lines]
    places.append((f"{what} body", message.body.decode("utf-8", "replace")))
    for place, text in places:
        for name, secret in secrets.items():
            if any(form in text for form in encodings(secret)):
                yield _leak(wire, place, name)


def _leak(wire: Wire, place: str, name: str) -> Fact:
    return Fact(wire, place, "no secret", name)


def exchanges(case: Case) -> list[Exchange]:
    """Both wires of a case, in order of time."""
    both = [*case.exchanges, *(e for script in case.scripts for e in script.exchanges)]
    return sorted(both, key=lambda e: e.request.sent_at)
