"""Gateways that get the fields of an answer wrong: its envelope, calls and refusal."""

from __future__ import annotations

from typing import Any

from harness.mutants.registry import Reply, Stage, choices, mutant, parts

REFUSAL = "No."


@mutant(Stage.ANSWER)
def choice_without_content(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Leaves content out where it is null."""
    for part in parts(doc):
        if part.get("content") is None:
            part.pop("content", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def choice_without_index(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Leaves the number of a choice out."""
    for choice in choices(doc):
        choice.pop("index", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def nullable_left_out(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Leaves out fields that are null."""
    for choice in choices(doc):
        if choice.get("finish_reason") is None:
            choice.pop("finish_reason", None)
    for part in parts(doc):
        if part.get("refusal") is None:
            part.pop("refusal", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def created_as_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Sends the time as text."""
    doc["created"] = str(doc.get("created"))


@mutant(Stage.ANSWER, Stage.CHUNK)
def created_in_milliseconds(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Sends the time in milliseconds."""
    if isinstance(doc.get("created"), int):
        doc["created"] *= 1000


@mutant(Stage.CHUNK)
def created_per_chunk(doc: Any, reply: Reply) -> None:
    """Has a time of its own for each chunk."""
    reply.memory["at"] = reply.memory.get("at", doc.get("created") or 0) + 1
    doc["created"] = reply.memory["at"]


@mutant(Stage.ANSWER, Stage.CHUNK)
def object_of_the_other_mode(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Calls a chunk a completion, and a completion a chunk."""
    whole = doc.get("object") == "chat.completion"
    doc["object"] = "chat.completion.chunk" if whole else "chat.completion"


@mutant(Stage.HEAD)
def json_as_plain_text(reply: Reply) -> None:
    """Sends JSON as plain text."""
    if reply.headers.get("Content-Type", "").startswith("application/json"):
        reply.headers["Content-Type"] = "text/plain; charset=utf-8"


@mutant(Stage.CHUNK)
def id_per_chunk(doc: Any, reply: Reply) -> None:
    """Has an id of its own for each chunk."""
    reply.memory["n"] = reply.memory.get("n", 0) + 1
    doc["id"] = f"chatcmpl-{reply.memory['n']}"


@mutant(Stage.ANSWER, Stage.CHUNK)
def empty_id(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Has empty text for an id."""
    doc["id"] = ""


@mutant(Stage.ANSWER, Stage.CHUNK)
def one_id_for_all(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Has the same id for all answers."""
    doc["id"] = "chatcmpl-1"


@mutant(Stage.ANSWER, Stage.CHUNK)
def model_of_the_provider(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Names the provider's model, not the one the client asked for."""
    doc["model"] = "gpt-4o-2024-08-06"


@mutant(Stage.ANSWER, Stage.CHUNK)
def role_of_the_user(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes the user for the one who answers."""
    for part in parts(doc):
        if part.get("role"):
            part["role"] = "user"


@mutant(Stage.ANSWER, Stage.CHUNK)
def role_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Does not say who answers."""
    for part in parts(doc):
        part.pop("role", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def fingerprint_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Keeps the system's fingerprint to itself."""
    doc.pop("system_fingerprint", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def calls_under_one_id(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Has the same id for all tool calls."""
    for part in parts(doc):
        for call in part.get("tool_calls") or []:
            if call.get("id"):
                call["id"] = "call_1"


@mutant(Stage.ANSWER, Stage.CHUNK)
def call_names_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Does not say which tool is called."""
    for part in parts(doc):
        for call in part.get("tool_calls") or []:
            call.get("function", {}).pop("name", None)


@mutant(Stage.ANSWER)
def text_beside_calls_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Throws text beside tool calls away."""
    for part in parts(doc):
        if part.get("tool_calls"):
            part["content"] = None


@mutant(Stage.ANSWER, Stage.CHUNK)
def calls_as_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says in the text, too, that a tool is called."""
    for part in parts(doc):
        if part.get("tool_calls"):
            part["content"] = "[calls a tool]"


def _silent_end(choice: dict[str, Any]) -> bool:
    part = choice.get("message") or choice.get("delta") or {}
    return choice.get("finish_reason") == "stop" and not part.get("content")


@mutant(Stage.ANSWER, Stage.CHUNK)
def refusal_reworded(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Refuses in other words than the model's."""
    for choice in filter(_silent_end, choices(doc)):
        choice["message" if "message" in choice else "delta"]["refusal"] = REFUSAL


@mutant(Stage.ANSWER, Stage.CHUNK)
def refusal_as_content(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Puts a refusal into the text."""
    for choice in filter(_silent_end, choices(doc)):
        choice["message" if "message" in choice else "delta"]["content"] = REFUSAL


@mutant(Stage.ANSWER)
def no_choices_is_an_error(doc: Any, reply: Reply) -> Any:
    """Makes an error of an answer without choices."""
    if doc.get("choices") == []:
        reply.status = 500
        return {"error": {"message": "no choices", "type": "x", "param": None, "code": "500"}}
    return None


@mutant(Stage.ANSWER)
def no_choices_ends_well(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Makes an empty choice up that ends with stop."""
    if doc.get("choices") == []:
        message = {"role": "assistant", "content": ""}
        doc["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]


@mutant(Stage.PROVIDER)
def unknown_fields_disturb(doc: Any) -> None:
    """Takes an answer with an unknown field for no answer at all."""
    if "x_vendor" in doc:
        doc.clear()
