"""What request mutants find in a provider's request, whichever dialect it speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from harness.mutants.registry import Sent

Place = tuple[Any, Any]  # a container and the key or index in it


def spoken(sent: Sent) -> list[Any]:
    """The messages or contents; [] where there are none."""
    return (sent.body.get("messages") or sent.body.get("contents") or []) if fields(sent) else []


def fields(sent: Sent) -> dict[str, Any]:
    """The body, where it is an object."""
    return sent.body if isinstance(sent.body, dict) else {}


def keep(sent: Sent, messages: list[Any]) -> None:
    """Put other messages or contents in the place of those there are."""
    if fields(sent):
        sent.body["contents" if "contents" in sent.body else "messages"] = messages


def blocks(message: Any) -> list[Any]:
    """The parts of one message; [] where its content is plain text."""
    found = message.get("parts") or message.get("content")
    return found if isinstance(found, list) else []


def texts(sent: Sent) -> Iterator[Place]:
    """Where text is said, system prompts included."""
    body = fields(sent)
    instruction = body.get("system_instruction") or body.get("systemInstruction") or {}
    for part in [*instruction.get("parts", []), *_listed(body.get("system"))]:
        yield part, "text"
    for message in spoken(sent):
        if isinstance(message.get("content"), str):
            yield message, "content"
        for part in blocks(message):
            if isinstance(part.get("text"), str):
                yield part, "text"


def change_texts(sent: Sent, change: Callable[[str], str]) -> None:
    """Change every text that is said."""
    for place, key in texts(sent):
        place[key] = change(place[key])


def declared(sent: Sent) -> list[dict[str, Any]]:
    """The functions that the provider is told of."""
    found: list[dict[str, Any]] = []
    for tool in _listed(fields(sent).get("tools")):
        declarations = tool.get("function_declarations") or tool.get("functionDeclarations")
        found += declarations if declarations is not None else [tool.get("function") or tool]
    return found


def schema_of(function: dict[str, Any]) -> dict[str, Any]:
    """The schema of a function's parameters."""
    for key in ("parameters", "input_schema", "parametersJsonSchema"):
        if isinstance(function.get(key), dict):
            found: dict[str, Any] = function[key]
            return found
    return {}


def output_schema(sent: Sent) -> dict[str, Any]:
    """The schema that the answer has to have."""
    body = fields(sent)
    openai = (body.get("response_format") or {}).get("json_schema") or {}
    anthropic = body.get("output_format") or {}
    gemini = body.get("generationConfig") or {}
    for found in (
        openai.get("schema"),
        anthropic.get("schema"),
        gemini.get("response_json_schema"),
    ):
        if isinstance(found, dict):
            return found
    return {}


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a document, itself included."""
    if isinstance(value, dict):
        yield value
    for entry in value.values() if isinstance(value, dict) else value:
        if isinstance(entry, dict | list):
            yield from walk(entry)


def forget(schema: Any, keyword: str) -> None:
    """Take a keyword out of a schema, everywhere."""
    for place in walk(schema):
        place.pop(keyword, None)


def results(sent: Sent) -> list[dict[str, Any]]:
    """The tool results in the conversation."""
    found: list[dict[str, Any]] = []
    for message in spoken(sent):
        if message.get("role") == "tool":
            found.append(message)
        for part in blocks(message):
            if part.get("type") == "tool_result":
                found.append(part)
            found += [part["function_response"]] if "function_response" in part else []
    return found


def called(sent: Sent) -> list[dict[str, Any]]:
    """The tool calls in the conversation."""
    found: list[dict[str, Any]] = []
    for message in spoken(sent):
        found += message.get("tool_calls") or []
        for part in blocks(message):
            if part.get("type") == "tool_use":
                found.append(part)
            found += [part["function_call"]] if "function_call" in part else []
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
