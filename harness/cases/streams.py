"""What makes a stream a proper one, for the cases about streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.cases.answer import Answer
from harness.contract import sdk
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import Like, require
from harness.wire.sse import read_events

NO_TEXT = Like("no text", lambda seen: seen in (None, ""))


def framing(answer: Answer) -> dict[str, tuple[Any, Any]]:
    """A stream of data-only events, each JSON or ``[DONE]``, in UTF-8, with nothing unfinished.

    Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream,
    and https://platform.openai.com/docs/api-reference/chat/create, which says "data-only".
    """
    events, rest = read_events(answer.response.chunks)
    return {
        "UTF-8": (True, _is_utf8(answer.response.body)),
        "event names": (["message"], sorted({event.name for event in events})),
        "JSON objects": (True, all(isinstance(chunk, dict) for chunk in answer.chunks)),
        "unfinished event": ("", rest),
    }


def first_roles(answer: Answer) -> dict[Any, Any]:
    """The role in the first delta of each choice."""
    found: dict[Any, Any] = {}
    for entry in answer.entries:
        found.setdefault(entry.get("index"), dig(entry, "delta.role"))
    return dict(sorted(found.items(), key=repr))


def order(answer: Answer, choice: int = 0) -> list[str]:
    """What one choice's deltas bring, in order, repetitions in a row once.

    ``text``, ``call 0`` and so on, ``finish``; deltas without any of it do not count.
    """
    found: list[str] = []
    for entry in answer.entries:
        if entry.get("index") == choice:
            found += [step for step in _steps(entry) if [step] != found[-1:]]
    return found


def usages(answer: Answer) -> list[bool]:
    """For each chunk whether it has a usage object."""
    return [isinstance(dig(chunk, "usage"), dict) for chunk in answer.chunks]


def heads_and_tails(answer: Answer) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The first delta of each tool call of choice 0, and all the others, in order of arrival."""
    heads: dict[Any, dict[str, Any]] = {}
    tails = []
    for delta in answer.listed("tool_calls"):
        if (index := repr(dig(delta, "index"))) in heads:
            tails.append(delta)
        else:
            heads[index] = delta
    return list(heads.values()), tails


def expect_failure(answer: Answer, *, so_far: str = "") -> None:
    """The client can tell that the answer failed, and has what came before the failure.

    Either an error status, or a stream that ends in an error event or a broken connection:
    without a finish reason, without ``[DONE]``, and so that the official SDK raises.

    Raises:
        Violation: one fact for each difference.
    """
    reading = sdk.read(answer.response, stream=True)
    stream = answer.is_stream
    finishes = answer.finishes_of(0) if stream and answer.status == 200 else []
    require(
        Wire.CLIENT,
        {
            "taken for complete": (False, answer.ended_normally),
            "finish reasons": ([], finishes),
            "[DONE] marks": (0, answer.done if stream else 0),
            "the official SDK": ("raises", "raises" if reading.error else "is content"),
            **({"text before the failure": (so_far, reading.text)} if so_far else {}),
        },
    )


def expect_whole_or_failure(answer: Answer, text: str) -> None:
    """The answer is either complete, with all its text, or a failure that the client can tell.

    Raises:
        Violation: it is something in between.
    """
    if answer.ended_normally:
        answer.expect(text=text, finish_reason="stop")
    else:
        expect_failure(answer)


def _steps(entry: dict[str, Any]) -> Iterator[str]:
    if dig(entry, "delta.content") and isinstance(dig(entry, "delta.content"), str):
        yield "text"
    calls = dig(entry, "delta.tool_calls")
    for call in calls if isinstance(calls, list) else []:
        yield f"call {dig(call, 'index')!r}"
    if entry.get("finish_reason") is not None:
        yield "finish"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
