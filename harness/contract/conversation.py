"""A conversation free of any dialect: what was said by whom, read from a provider's request.

So one expectation, read from what the client sent, holds for every provider. Read away are legal
differences only: text as a string or as a block, turns of one role that follow each other in one
message or in several, text that is empty, and Gemini's snake_case, which its API takes for
camelCase. What one provider has no words for is taken out of the expectation by name:
``without_ids``.

Rules: https://docs.anthropic.com/en/api/messages and https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from harness.verdicts import Wire, violation
from harness.wire.expect import shorten

_FREE_FORM = frozenset(  # below these, keys are the user's own
    {"args", "response", "parameters", "parametersJsonSchema", "responseSchema"}
    | {"responseJsonSchema"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing said: a ``text``, an ``image`` (its data), a ``call`` or its ``result``."""

    kind: str
    value: Any
    name: str = ""  # of a call's function
    id: str = ""  # of a call, and of the call a result belongs to


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says before the other does. ``role`` in OpenAI's words, a tool's as user's."""

    role: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Instructions, and the turns in order."""

    system: tuple[str, ...]
    turns: tuple[Turn, ...]

    @property
    def outline(self) -> dict[str, Any]:
        """As plain JSON, to be compared and shown."""
        return {
            "system": "".join(self.system),
            "turns": [
                {"role": turn.role, "parts": [_plain(part) for part in turn.parts]}
                for turn in self.turns
            ],
        }

    def without_ids(self) -> Conversation:
        """Calls and results tied by the name of the function, as Gemini does it."""
        names = {p.id: p.name for turn in self.turns for p in turn.parts if p.kind == "call"}

        def by_name(part: Part) -> Part:
            name = names.get(part.id, part.name) if part.kind == "result" else part.name
            return replace(part, name=name, id="")

        turns = tuple(replace(turn, parts=tuple(map(by_name, turn.parts))) for turn in self.turns)
        return replace(self, turns=turns)


def sent(messages: Sequence[Mapping[str, Any]]) -> Conversation:
    """The conversation that a list of OpenAI messages is."""
    system = [
        part.value
        for message in messages
        if message["role"] in ("system", "developer")
        for part in _texts(message["content"])
    ]
    turns = [
        Turn("assistant" if message["role"] == "assistant" else "user", _said(message))
        for message in messages
        if message["role"] not in ("system", "developer")
    ]
    return _conversation(system, turns)


def arrived(dialect: str, body: Mapping[str, Any]) -> Conversation:
    """The conversation that a provider's request has.

    Raises:
        Violation: it is no request of that dialect.
    """
    read = {"openai": _openai, "anthropic": _anthropic, "gemini": _gemini}[dialect]
    try:
        return read(body)
    except (AttributeError, LookupError, TypeError):
        raise violation(
            Wire.UPSTREAM, "body", expected=f"a request of the {dialect} API", seen=shorten(body)
        ) from None


def expected(dialect: str, messages: Sequence[Mapping[str, Any]]) -> Conversation:
    """What has to arrive of ``messages``."""
    conversation = sent(messages)
    return conversation.without_ids() if dialect == "gemini" else conversation


def camel(value: Any) -> Any:
    """A Gemini request with its own keys in camelCase; the user's own keys stay."""
    if isinstance(value, list):
        return [camel(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    named = {_camel(key): entry for key, entry in value.items()}
    return {k: entry if k in _FREE_FORM else camel(entry) for k, entry in named.items()}


def _camel(key: str) -> str:
    head, *tail = key.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _plain(part: Part) -> dict[str, Any]:
    plain = {part.kind: part.value}
    if part.name:
        plain["name"] = part.name
    if part.id:
        plain["id"] = part.id
    return plain


def _conversation(system: Sequence[str], turns: Sequence[Turn]) -> Conversation:
    spoken = [turn for turn in turns if turn.parts]
    merged = [
        Turn(role, tuple(part for turn in group for part in turn.parts))
        for role, group in groupby(spoken, key=lambda turn: turn.role)
    ]
    return Conversation(tuple(text for text in system if text), tuple(merged))


def _openai(body: Mapping[str, Any]) -> Conversation:
    return sent(body.get("messages", []))


def _said(message: Mapping[str, Any]) -> tuple[Part, ...]:
    if message["role"] == "tool":
        text = "".join(str(part.value) for part in _texts(message["content"]))
        return (Part("result", _value(text), id=message["tool_call_id"]),)
    calls = [
        Part(
            "call",
            _value(call["function"]["arguments"] or "{}"),
            name=call["function"]["name"],
            id=call["id"],
        )
        for call in message.get("tool_calls") or []
    ]
    return (*_texts(message.get("content")), *calls)


def _texts(content: Any) -> tuple[Part, ...]:
    """Text and images of a message's content, or of Anthropic's."""
    if content is None or isinstance(content, str):
        return (Part("text", content),) if content else ()
    found: list[Part] = []
    for part in content:
        if part.get("text"):
            found.append(Part("text", part["text"]))
        elif part.get("type") == "image_url":
            found.append(Part("image", part["image_url"]["url"]))
        elif part.get("type") == "image":
            source = part["source"]
            url = f"data:{source.get('media_type')};base64,{source.get('data')}"
            found.append(Part("image", source.get("url", url)))
    return tuple(found)


def _value(text: str) -> Any:
    """JSON text as its value; other text as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def _anthropic(body: Mapping[str, Any]) -> Conversation:
    turns = []
    for message in body.get("messages", []):
        content = message["content"]
        blocks = [{"text": content}] if isinstance(content, str) else content
        parts: list[Part] = []
        for block in blocks:
            if block.get("type") == "tool_use":
                parts.append(Part("call", block["input"], name=block["name"], id=block["id"]))
            elif block.get("type") == "tool_result":
                text = "".join(str(part.value) for part in _texts(block.get("content")))
                parts.append(Part("result", _value(text), id=block["tool_use_id"]))
            else:
                parts += _texts([block])
        turns.append(Turn(message["role"], tuple(parts)))
    return _conversation([part.value for part in _texts(body.get("system"))], turns)


def _gemini(body: Mapping[str, Any]) -> Conversation:
    document = camel(body)
    turns = [
        Turn(
            "assistant" if content.get("role") == "model" else "user",
            tuple(part for raw in content["parts"] for part in _gemini_part(raw)),
        )
        for content in document.get("contents", [])
    ]
    system = [
        part.get("text", "") for part in document.get("systemInstruction", {}).get("parts", [])
    ]
    return _conversation(system, turns)


def _gemini_part(part: Mapping[str, Any]) -> tuple[Part, ...]:
    if "functionCall" in part:
        call = part["functionCall"]
        return (Part("call", call.get("args", {}), name=call["name"]),)
    if "functionResponse" in part:
        answer = part["functionResponse"]
        return (Part("result", _response(answer["response"]), name=answer["name"]),)
    if "inlineData" in part:
        inline = part["inlineData"]
        return (Part("image", f"data:{inline['mimeType']};base64,{inline['data']}"),)
    return (Part("text", part["text"]),) if part.get("text") else ()


def _response(response: Any) -> Any:
    """Gemini wants an object where the others take text: the text is then its only value."""
    if isinstance(response, dict) and len(response) == 1:
        key, value = next(iter(response.items()))
        if key in ("content", "output", "result") and isinstance(value, str):
            return value
    return response
