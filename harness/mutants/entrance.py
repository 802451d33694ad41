"""Mutants at the entrance: routes, keys, spelling of requests, and the list of models."""

from __future__ import annotations

from typing import Any

from harness.mutants.errors import error_of
from harness.mutants.registry import Reply, Sent, Stage, mutant

CHAT = "/v1/chat/completions"


def _list(doc: Any) -> list[Any] | None:
    is_list = isinstance(doc, dict) and doc.get("object") == "list"
    return doc["data"] if is_list else None


@mutant(Stage.REQUEST)
def only_compact_json(sent: Sent) -> None:
    """Understands a request only when it is spelt in the shortest way."""
    if isinstance(sent.body, bytes) and sent.path == CHAT:
        sent.body = b"{"


@mutant(Stage.REQUEST)
def strict_media_type(sent: Sent) -> None:
    """Takes a body for a form when its media type has parameters."""
    if ";" in sent.headers.get("Content-Type", ""):
        sent.headers["Content-Type"] = "application/x-www-form-urlencoded"


@mutant(Stage.REQUEST)
def only_v1(sent: Sent) -> None:
    """Has no routes without /v1."""
    if sent.path == "/chat/completions":
        sent.path = "/no/such/route"


@mutant(Stage.HEAD)
def any_method(reply: Reply) -> None:
    """Takes every method."""
    if reply.status == 405:
        reply.status = 200


@mutant(Stage.HEAD)
def no_allow(reply: Reply) -> None:
    """Does not say which method is right."""
    reply.headers.popall("Allow", None)


@mutant(Stage.HEAD)
def key_errors_as_403(reply: Reply) -> None:
    """Answers a missing or wrong key with 403."""
    if reply.status in (400, 401):
        reply.status = 403
        reply.headers.popall("WWW-Authenticate", None)


@mutant(Stage.HEAD)
def empty_challenge(reply: Reply) -> None:
    """Sends a 401 with an empty challenge."""
    if reply.status == 401:
        reply.headers["WWW-Authenticate"] = ""


@mutant(Stage.REQUEST)
def accepts_raw_keys(sent: Sent) -> None:
    """Takes a key without the scheme Bearer."""
    value = sent.headers.get("Authorization", "")
    if value and " " not in value:
        sent.headers["Authorization"] = "Bearer " + value


@mutant(Stage.ANSWER)
def wrong_key_is_welcome(doc: Any, reply: Reply) -> Any:
    """Gives an empty list to whoever comes with a wrong key."""
    error = error_of(doc)
    if error is None or error.get("type") not in ("no_db_connection", "auth_error"):
        return None
    reply.status = 200
    return {"object": "list", "data": []}


@mutant(Stage.ANSWER)
def echoes_the_key(doc: Any, reply: Reply) -> None:
    """Repeats the key that it refuses."""
    if error := error_of(doc):
        names = ("Authorization", "x-api-key")
        keys = " ".join(reply.request.headers.get(name, "") for name in names)
        error["message"] = f"{error.get('message')} Got {keys}"


@mutant(Stage.HEAD)
def body_before_key(reply: Reply) -> None:
    """Looks at the body before it looks at the key."""
    if reply.status in (400, 401, 500) and reply.request.path == CHAT:
        reply.status = 422


@mutant(Stage.REQUEST)
def loses_the_key(sent: Sent) -> None:
    """Loses the key on the way in."""
    sent.headers.popall("Authorization", None)


@mutant(Stage.REQUEST)
def exact_scheme(sent: Sent) -> None:
    """Knows the scheme only as Bearer, letter by letter."""
    if not sent.headers.get("Authorization", "Bearer ").startswith("Bearer "):
        sent.headers.popall("Authorization")


@mutant(Stage.REQUEST)
def no_litellm_key_header(sent: Sent) -> None:
    """Does not look for a key in x-litellm-api-key."""
    sent.headers.popall("x-litellm-api-key", None)


@mutant(Stage.ANSWER)
def one_model_only(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Lists one model, whatever is configured."""
    if (entries := _list(doc)) is not None:
        entries[:] = [{"id": "m", "object": "model", "created": 1, "owned_by": "x"}]


@mutant(Stage.ANSWER)
def lists_models_twice(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Lists a model once for each deployment behind it, and be there only one."""
    if (entries := _list(doc)) is not None:
        entries += entries


@mutant(Stage.ANSWER)
def lists_providers_models(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Lists the provider's model besides the configured one."""
    if (entries := _list(doc)) is not None:
        entries.append({"id": "gpt-4o", "object": "model", "created": 1, "owned_by": "openai"})


@mutant(Stage.ANSWER)
def model_created_as_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Gives the time of a model's creation as a text."""
    for entry in _list(doc) or []:
        entry["created"] = "2024-01-01T00:00:00Z"


@mutant(Stage.ANSWER)
def no_owner(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Does not say who owns a model."""
    for entry in _list(doc) or []:
        entry.pop("owned_by", None)


@mutant(Stage.HEAD)
def models_as_text(reply: Reply) -> None:
    """Calls every good answer plain text."""
    if reply.status < 400:
        reply.headers["Content-Type"] = "text/plain"


@mutant(Stage.ANSWER)
def another_model(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Retrieves the same model for every id."""
    if isinstance(doc, dict) and doc.get("object") == "model":
        doc["id"] = "another"


@mutant(Stage.ANSWER)
def retrieved_younger(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Retrieves a model with another time of creation than it lists."""
    if isinstance(doc, dict) and doc.get("object") == "model":
        doc["created"] += 1
