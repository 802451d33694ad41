"""Many conversations at once over several deployments, each unmistakable, and a provider's echo."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from harness.cases.answer import Answer
from harness.cases.case import Case
from harness.upstream.script import Answer as Scripted
from harness.upstream.script import fails, says
from harness.wire.exchange import Request

PACE = 0.001  # seconds between the events of an answer, so that answers mingle
FAULTY = "BREAK OFF"


def topic(number: int) -> str:
    """What conversation ``number`` says: of its own length, and all its words are its own."""
    return f"{number:04} " + f"{number}-{number * 7919:x} " * (1 + number % 3) + "end"


def reply(said: str) -> str:
    """What the provider answers to ``said``: as unmistakable, and not the same."""
    return said.upper().replace("-", "=")


def echo(request: Request) -> Scripted:
    """Plays a provider that has heard this; the id of its answer is the conversation's own.

    A conversation that asks for it breaks off in the middle, or is refused if not streamed.
    """
    said = heard(request)
    answer = says(reply(said), id=f"chatcmpl-{said[:4]}").paced(PACE)
    if FAULTY not in said:
        return answer
    return answer.error_event(after=1) if b'"stream":true' in request.content else fails(500)


def heard(request: Request) -> str:
    """The last message of the user, wherever the dialect has it."""
    body = json.loads(request.content)
    turn = (body.get("messages") or body.get("contents"))[-1]
    content = turn.get("content", turn.get("parts"))
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def converse(
    case: Case, names: Sequence[str], said: Sequence[str], *, stream: bool
) -> list[Answer]:
    """Hold all conversations at once, dealt over the deployments; answers in their order."""
    providers = [case.provider(name) for name in names]
    for provider in providers:
        provider.always(echo)
    bodies: list[dict[str, Any]] = [
        {
            "model": providers[n % len(providers)].model,
            "messages": [{"role": "user", "content": text}],
            "stream": stream,
        }
        for n, text in enumerate(said)
    ]
    return case.ask_all(bodies)


def not_answered(answers: Sequence[Answer], said: Sequence[str]) -> list[int]:
    """The conversations that did not get their own reply, whole and with its proper end."""
    return [n for n, answer in enumerate(answers) if not _is(answer, reply(said[n]))]


def not_heard_once(case: Case, names: Sequence[str], said: Sequence[str]) -> list[int]:
    """The conversations that their deployment did not hear exactly once, or another one did."""
    found = Counter(
        (place, heard(exchange.request))
        for place, name in enumerate(names)
        for exchange in case.provider(name).exchanges
    )
    wanted = {n: (n % len(names), text) for n, text in enumerate(said)}
    strays = found.keys() - wanted.values()
    wrong = [n for n, key in wanted.items() if found[key] != 1]
    return [*wrong, *(-1 for _ in strays)]


def _is(answer: Answer, text: str) -> bool:
    if answer.exchange.response is None or answer.status != 200 or not answer.ended_normally:
        return False
    return answer.text == text and answer.finish_reason == "stop"
