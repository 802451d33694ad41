"""What a provider dialect has to know: its routes, its JSON, its stream, its errors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from harness.upstream.script import Answer, Completion, Failure, Fault, TokenLogprob, ToolCall
from harness.verdicts import HarnessError
from harness.wire.exchange import Request

Event = TypeVar("Event")
STREAM_FAILURE = "The scripted provider failed in mid-stream."

Feature = Literal[
    "cached",  # usage says how much of the prompt came from a cache
    "error_code",  # an error carries a code of its own beside its type
    "error_param",  # an error names the parameter at fault
    "logprobs",
    "n",  # several choices
    "no_choices",  # an answer without any choice
    "no_usage",  # usage may be absent
    "raw_arguments",  # tool arguments may be text that is not a JSON object
    "reasoning",
    "reasoning_usage",  # usage says how much of the completion was reasoning
    "refusal",
    "stream_error_event",
    "system_fingerprint",
    "terminator",  # a stream ends with a mark of its own
]


def compact(value: Any) -> bytes:
    """JSON as providers send it: UTF-8, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sse(data: Any, event: str | None = None) -> bytes:
    """One server-sent event; ``data`` is sent as JSON unless it is already text."""
    payload = data.encode() if isinstance(data, str) else compact(data)
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + payload + b"\n\n"


def pieces(text: str, size: int = 7) -> list[str]:
    """``text`` cut into pieces of ``size`` characters, the way tool arguments are streamed."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def dealt(tokens: Sequence[TokenLogprob], hands: int) -> list[tuple[TokenLogprob, ...]]:
    """Log probabilities dealt over the ``hands`` deltas of a text: one each, the last the rest."""
    return [tuple(tokens[n : n + 1 if n < hands - 1 else None]) for n in range(hands)]


def interleaved(lanes: Sequence[Sequence[Event]]) -> list[Event]:
    """The events of several choices in the order of a stream: one of each in turn."""
    longest = max(map(len, lanes), default=0)
    return [lane[n] for n in range(longest) for lane in lanes if n < len(lane)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the server needs to know of a request before it can answer it."""

    model: str
    stream: bool
    include_usage: bool = False


@dataclass(frozen=True, slots=True)
class EventStream:
    """A rendered stream: the events in order, then the provider's end mark (may be empty)."""

    events: tuple[bytes, ...]
    terminator: bytes
    content_type: str = "text/event-stream; charset=utf-8"


class Dialect(Protocol):
    """One provider protocol."""

    name: str
    model: str  # the LiteLLM model string, provider prefix included, used by default
    key_header: str  # the header that carries the deployment's key
    malformed_event: bytes  # an event that is framed well, but whose payload is not JSON
    lead_in: int  # events of a streamed text that come before its first piece
    features: frozenset[Feature]  # what this dialect can express

    def litellm_params(self, base: str, key: str) -> dict[str, Any]:
        """``litellm_params`` for a deployment at ``base`` (no trailing slash), less ``model``."""
        ...

    def is_discovery(self, method: str, path: str) -> bool:
        """Whether LiteLLM sends this on its own account, e.g. to list models."""
        ...

    def discovery(self) -> bytes:
        """The JSON answer to a discovery request."""
        ...

    def understand(self, request: Request, path: str) -> Asked | None:
        """Read a generation request; ``path`` is below the deployment's base. None: not one."""
        ...

    def body(self, answer: Completion, asked: Asked) -> bytes:
        """The non-streamed answer."""
        ...

    def stream(self, answer: Completion, asked: Asked) -> EventStream:
        """The streamed answer."""
        ...

    def error(self, failure: Failure) -> bytes:
        """An error body in the provider's shape."""
        ...

    def error_event(self) -> bytes:
        """An error inside a stream, in the provider's shape."""
        ...


def parsed(request: Request) -> Mapping[str, Any]:
    """The request body as a JSON object, or an empty one: the server must answer anything."""
    try:
        value = json.loads(request.content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def arguments_object(call: ToolCall) -> dict[str, Any] | None:
    """The call's arguments as a JSON object, an empty one for no text; None: they are not one."""
    try:
        value = json.loads(call.arguments or "{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def needs(answer: Answer) -> frozenset[Feature]:
    """The features a dialect must have to express ``answer``."""
    uses: dict[Feature, bool]
    if isinstance(answer, Failure):
        uses = {"error_code": answer.code is not None, "error_param": answer.param is not None}
    else:
        every, usage = answer.choices, answer.usage
        uses = {
            "cached": usage is not None and usage.cached is not None,
            "logprobs": any(choice.logprobs for choice in every),
            "n": len(every) > 1,
            "no_choices": not every,
            "no_usage": usage is None,
            "raw_arguments": any(
                arguments_object(call) is None for choice in every for call in choice.tool_calls
            ),
            "reasoning": any(choice.reasoning is not None for choice in every),
            "reasoning_usage": usage is not None and usage.reasoning is not None,
            "refusal": any(choice.refusal is not None for choice in every),
            "stream_error_event": answer.fault is Fault.ERROR_EVENT,
            "terminator": answer.fault is Fault.NO_TERMINATOR,
        }
    return frozenset(feature for feature, used in uses.items() if used)


def require(dialect: Dialect, answer: Answer) -> None:
    """Refuse a script that the dialect has no words for.

    Raises:
        HarnessError: ``answer`` uses features that ``dialect`` lacks; names them.
    """
    if lacking := sorted(needs(answer) - dialect.features):
        raise HarnessError(
            f"the {dialect.name} dialect cannot express {', '.join(lacking)}",
            fix="run this case only on dialects whose `features` name what its script uses",
        )


def native_finish(
    dialect: Dialect, finish: str, words: Mapping[str, str], own: frozenset[str]
) -> str:
    """``finish`` in the provider's words: translated from OpenAI's, or already its own.

    Raises:
        HarnessError: the word belongs to neither.
    """
    if finish in own:
        return finish
    if finish not in words:
        raise HarnessError(
            f"the {dialect.name} dialect has no finish reason for {finish!r}",
            fix=f"use one of {', '.join(sorted({*words, *own}))}",
        )
    return words[finish]
