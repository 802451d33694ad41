"""Gateways that break tool calls in a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.mutants.registry import Reply, Stage, choices, mutant, parts


def called(doc: Any) -> Iterator[dict[str, Any]]:
    """The tool call deltas in a chunk."""
    for part in parts(doc):
        yield from part.get("tool_calls") or []


def heads(doc: Any) -> Iterator[dict[str, Any]]:
    """Those of them that begin a call."""
    yield from (call for call in called(doc) if call.get("id"))


def tails(doc: Any) -> Iterator[dict[str, Any]]:
    """Those of them that go on with a call."""
    yield from (call for call in called(doc) if not call.get("id"))


@mutant(Stage.CHUNK)
def streamed_calls_lost(doc: Any, reply: Reply) -> None:
    """Has no tool calls in streams."""
    del reply
    for part in parts(doc):
        part.pop("tool_calls", None)


@mutant(Stage.CHUNK)
def calls_at_one_index(doc: Any, reply: Reply) -> None:
    """Has index 0 for every tool call."""
    del reply
    for call in called(doc):
        call["index"] = 0


@mutant(Stage.CHUNK)
def equal_calls_dropped(doc: Any, reply: Reply) -> list[Any] | None:
    """Takes a second call of the same tool for a repetition, and drops it."""
    names = reply.memory.setdefault("names", {})
    for call in called(doc):
        name = call["function"].get("name")
        if name and names.setdefault(name, call["index"]) != call["index"]:
            reply.memory.setdefault("dropped", set()).add(call["index"])
        if call["index"] in reply.memory.get("dropped", ()):
            return []
    return None


@mutant(Stage.CHUNK)
def argument_piece_lost(doc: Any, reply: Reply) -> list[Any] | None:
    """Loses the first piece of arguments that says something."""
    for call in called(doc):
        if call["function"].get("arguments") and not reply.memory.get("lost"):
            reply.memory["lost"] = True
            call["function"]["arguments"] = ""
    return None


@mutant(Stage.CHUNK)
def arguments_of_the_first_call(doc: Any, reply: Reply) -> None:
    """Gives all arguments to the first call when there are several."""
    del reply
    for call in tails(doc):
        call["index"] = 0


@mutant(Stage.CHUNK)
def call_index_from_one(doc: Any, reply: Reply) -> None:
    """Counts tool calls from one."""
    del reply
    for call in called(doc):
        call["index"] += 1


@mutant(Stage.CHUNK)
def call_index_lost(doc: Any, reply: Reply) -> None:
    """Sends tool calls without index."""
    del reply
    for call in called(doc):
        call.pop("index", None)


@mutant(Stage.CHUNK)
def call_index_as_text(doc: Any, reply: Reply) -> None:
    """Sends the index of a tool call as text."""
    del reply
    for call in called(doc):
        call["index"] = str(call["index"])


@mutant(Stage.CHUNK)
def call_id_lost(doc: Any, reply: Reply) -> None:
    """Sends tool calls without id."""
    del reply
    for call in called(doc):
        call.pop("id", None)


@mutant(Stage.CHUNK)
def call_type_lost(doc: Any, reply: Reply) -> None:
    """Sends tool calls without type."""
    del reply
    for call in called(doc):
        call.pop("type", None)


@mutant(Stage.CHUNK)
def call_name_late(doc: Any, reply: Reply) -> None:
    """Says in a call's second delta which tool is called."""
    for call in called(doc):
        held = reply.memory.setdefault("names", {})
        if name := call["function"].pop("name", None):
            held[call["index"]] = name
        elif call["index"] in held:
            call["function"]["name"] = held.pop(call["index"])


@mutant(Stage.CHUNK)
def call_id_repeated(doc: Any, reply: Reply) -> None:
    """Repeats a call's id in each of its deltas."""
    ids = reply.memory.setdefault("ids", {})
    for call in called(doc):
        call["id"] = ids.setdefault(call["index"], call.get("id"))


@mutant(Stage.CHUNK)
def call_name_repeated(doc: Any, reply: Reply) -> None:
    """Repeats the tool's name in each of a call's deltas."""
    names = reply.memory.setdefault("names", {})
    for call in called(doc):
        name = call["function"].get("name")
        call["function"]["name"] = names.setdefault(call["index"], name)


@mutant(Stage.CHUNK)
def call_type_changes(doc: Any, reply: Reply) -> None:
    """Says tool where a call goes on."""
    del reply
    for call in tails(doc):
        call["type"] = "tool"


@mutant(Stage.CHUNK)
def calls_renamed(doc: Any, reply: Reply) -> None:
    """Gives tool calls ids of its own."""
    del reply
    for call in heads(doc):
        call["id"] = f"gateway_{call['index']}"


@mutant(Stage.CHUNK)
def streamed_text_beside_calls_lost(doc: Any, reply: Reply) -> None:
    """Throws away text in streams whose request has to do with tools, here: that go on to call."""
    del reply
    for part in parts(doc):
        if part.get("content", "").endswith((" ", ".")):
            part["content"] = ""


@mutant(Stage.CHUNK)
def null_for_no_arguments(doc: Any, reply: Reply) -> None:
    """Says null for arguments that are an empty object."""
    del reply
    for call in called(doc):
        if call["function"].get("arguments") in {"{}", ""}:
            call["function"]["arguments"] = "null"


@mutant(Stage.CHUNK)
def blanks_in_arguments_lost(doc: Any, reply: Reply) -> None:
    """Takes white space out of arguments."""
    del reply
    for call in called(doc):
        arguments = call["function"].get("arguments") or ""
        call["function"]["arguments"] = "".join(arguments.split())


@mutant(Stage.CHUNK)
def calls_buffered(doc: Any, reply: Reply) -> list[Any] | None:
    """Holds tool calls back until the answer ends."""
    held = reply.memory.setdefault("held", [])
    if any(choice.get("finish_reason") for choice in choices(doc)):
        return [*held, doc]
    if any(True for _ in called(doc)):
        held.append(doc)
        return []
    return None
