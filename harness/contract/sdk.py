"""Judges (b) and (c): the official SDK's models, and the official SDK really reading a response.

Both are weaker than the published schema: the models call optional some fields that the schema
requires (``refusal``, an error's ``code``), and the reader validates nothing. Where they disagree
with ``schema``, that is a fact about the contract, not a mistake here.

Source: https://github.com/openai/openai-python
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import openai
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.shared import ErrorObject
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.contract.explain import path_of
from harness.contract.schema import Kind
from harness.wire.exchange import Response

_MODELS: dict[Kind, type[BaseModel]] = {
    Kind.COMPLETION: ChatCompletion,
    Kind.CHUNK: ChatCompletionChunk,
    Kind.ERROR: ErrorObject,
}
# These belong to the connection; a recording has the bytes without their framing.
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
# What a user's own code meets when the SDK hands over an object that lacks what its type promises.
_BROKEN_PROMISES = (AttributeError, LookupError, TypeError, ValueError)


def model_violations(kind: Kind, document: Any) -> list[str]:
    """What the SDK's model of ``kind`` finds wrong with a parsed JSON document in strict mode.

    One line each, ``created: Input should be a valid integer``, without values of the document;
    empty when all is well. Of an error body the SDK only describes the value of ``error``.

    Raises:
        KeyError: ``kind`` is a request, for which the SDK has no model.
    """
    at: tuple[str, ...] = ()
    if kind is Kind.ERROR:
        document, at = document.get("error") if isinstance(document, dict) else None, ("error",)
    try:
        _MODELS[kind].model_validate(document, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return list(dict.fromkeys(_line(at, it) for it in found if _is_meant(it, found)))
    return []


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call as the SDK hands it over; in a stream, its parts joined."""

    id: str
    name: str
    arguments: str  # of a custom tool, its input


@dataclass(frozen=True, slots=True)
class SdkError:
    """What the SDK, or a user's first access to its result, raised.

    ``message`` may quote the response, so it is for reading and not for a baseline row. The
    rest is None where the exception has no such attribute.
    """

    name: str
    message: str
    status: int | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class SdkReading:
    """What a user of the official SDK gets. After an error: what had arrived before it."""

    text: str = ""  # of choice 0
    finish_reasons: tuple[str, ...] = ()  # all that are not null, in order of arrival
    tool_calls: tuple[ToolCall, ...] = ()  # of choice 0, by index
    usage: dict[str, Any] | None = None  # the last one that is not null, as sent
    ids: tuple[str, ...] = ()  # distinct, in order of arrival
    parts: int = 0  # objects handed over: chunks, or 1 when not streamed
    error: SdkError | None = None


def read(response: Response, *, stream: bool) -> SdkReading:
    """Let the official SDK read a recorded response, chunk by chunk as it was recorded.

    ``stream`` is what the request asked for. Chunk bytes are as on the wire, so a content
    encoding is undone by the SDK as in real life. A response that ended ``broken`` breaks here
    too, after its last chunk. Never raises on account of the response: see ``SdkReading.error``.
    """
    draft = _Draft()
    error: SdkError | None = None
    with httpx2.Client(transport=httpx2.MockTransport(lambda _: _replayed(response))) as http:
        sdk = openai.OpenAI(
            http_client=http, max_retries=0, api_key="x", base_url="http://recorded/v1"
        )
        try:
            answer = sdk.chat.completions.create(
                model="recorded", messages=[{"role": "user", "content": "recorded"}], stream=stream
            )
            if isinstance(answer, openai.Stream):
                with answer:
                    for chunk in answer:
                        draft.take(chunk, "delta")
            else:
                draft.take(answer, "message")
        except (openai.OpenAIError, httpx2.HTTPError, *_BROKEN_PROMISES) as raised:
            error = _sdk_error(raised)
    return replace(draft.reading(), error=error)


class _Recorded(httpx2.SyncByteStream):
    """The recorded chunks, one read each, and the way they ended."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.response.chunks:
            yield chunk.data
        if self.response.broken is not None:
            raise httpx2.RemoteProtocolError(self.response.broken)


def _replayed(response: Response) -> httpx2.Response:
    lines = [(k, v) for k, v in response.headers.lines if k.lower() not in _FRAMING]
    return httpx2.Response(response.status, headers=lines, stream=_Recorded(response))


def _sdk_error(raised: Exception) -> SdkError:
    return SdkError(
        name=type(raised).__name__,
        message=str(raised),
        status=getattr(raised, "status_code", None),
        code=getattr(raised, "code", None),
        type=getattr(raised, "type", None),
        param=getattr(raised, "param", None),
    )


@dataclass(slots=True)
class _Draft:
    """Joins what the SDK hands over, as its own stream helper does: by index, in order."""

    text: str = ""
    finish_reasons: list[str] = field(default_factory=list)
    calls: dict[int, ToolCall] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    ids: list[str] = field(default_factory=list)
    parts: int = 0

    def take(self, part: Any, content: str) -> None:
        """Add a completion or a chunk; ``content`` names where its choices have theirs.

        ``part`` is untyped on purpose: the SDK builds it without checking, so that whatever the
        response lacked shows here, as it would in a user's code.
        """
        self.parts += 1
        if part.id is not None and part.id not in self.ids:
            self.ids.append(part.id)
        if part.usage is not None:
            self.usage = part.usage.to_dict()
        for choice in part.choices:
            if choice.finish_reason is not None:
                self.finish_reasons.append(choice.finish_reason)
            if choice.index == 0:
                said = getattr(choice, content)
                self.text += said.content or ""
                for position, call in enumerate(said.tool_calls or []):
                    self._join(call.index if content == "delta" else position, call)

    def _join(self, index: int, call: Any) -> None:
        name, arguments = "", ""
        if call.type == "custom":
            name, arguments = call.custom.name, call.custom.input
        elif call.function is not None:
            name, arguments = call.function.name or "", call.function.arguments or ""
        before = self.calls.get(index, ToolCall("", "", ""))
        self.calls[index] = ToolCall(
            id=before.id + (call.id or ""),
            name=before.name + name,
            arguments=before.arguments + arguments,
        )

    def reading(self) -> SdkReading:
        """What has been taken so far."""
        return SdkReading(
            text=self.text,
            finish_reasons=tuple(self.finish_reasons),
            tool_calls=tuple(call for _, call in sorted(self.calls.items())),
            usage=self.usage,
            ids=tuple(self.ids),
            parts=self.parts,
        )


def _line(at: tuple[str, ...], detail: ErrorDetails) -> str:
    steps = [step for step in detail["loc"] if not _is_alternative(step)]
    return f"{path_of([*at, *steps])}: {detail['msg']}"


def _is_meant(detail: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Whether a complaint is about the alternative of a union that the document meant.

    pydantic does not know the SDK's discriminator, so it complains about every alternative.
    """
    loc = detail["loc"]
    for cut in (i for i, step in enumerate(loc) if _is_alternative(step)):
        heads = {it["loc"][: cut + 1] for it in found if it["loc"][:cut] == loc[:cut]}
        others = {
            it["loc"][:-1]
            for it in found
            if it["type"] in {"literal_error", "missing"}
            and it["loc"][:-1] in heads
            and it["loc"][-1] == "type"
        }
        if heads == others:  # the tag itself is wrong or absent: no alternative was meant
            return loc[cut + 1 :] == ("type",)
        if loc[: cut + 1] in others:
            return False
    return True


def _is_alternative(step: str | int) -> bool:
    """pydantic puts an alternative's class name into the path; real keys are lower case."""
    return isinstance(step, str) and step[:1].isupper()
