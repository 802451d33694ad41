"""Gateways that hold streams back, hide their failures, or let them harm each other."""

from __future__ import annotations

from typing import Any

from harness.mutants.registry import Reply, Sent, Stage, choices, mutant, parts
from harness.mutants.streams import DONE, said

_RUNNING: set[str] = set()  # models with a stream under way, as far as the mutant knows
_BROKEN: set[str] = set()  # models one of whose streams has failed
_LAST: dict[Any, Any] = {}  # what was said before, by whomever


def streaming(reply: Reply) -> bool:
    """Whether the client asked for a stream."""
    body = reply.request.body
    return isinstance(body, dict) and body.get("stream") is True


def failed(doc: Any) -> bool:
    """Whether an event is an error."""
    return isinstance(doc, dict) and bool(doc.get("error"))


@mutant(Stage.RAW)
def buffered_to_the_end(data: bytes, reply: Reply) -> list[bytes]:
    """Sends a stream when it is complete."""
    held: list[bytes] = reply.memory.setdefault("held", [])
    if data:
        held.append(data)
        return []
    return held


@mutant(Stage.RAW)
def one_event_behind(data: bytes, reply: Reply) -> list[bytes]:
    """Sends each event when the next one comes."""
    held = reply.memory.get("held", b"")
    reply.memory["held"] = data
    return [held]


@mutant(Stage.CHUNK)
def equal_pieces_gathered(doc: Any, reply: Reply) -> list[Any] | None:
    """Holds a piece back that equals the one before it, until another comes."""
    held: list[Any] = reply.memory.setdefault("held", [])
    if said(doc) and said(doc) == reply.memory.get("last"):
        held.append(doc)
        return []
    reply.memory["last"] = said(doc)
    reply.memory["held"] = []
    return [*held, doc]


@mutant(Stage.REQUEST)
def one_stream_at_a_time(sent: Sent) -> None:
    """Refuses a request for a model that has begun to stream, and never forgets that it has."""
    model = sent.body.get("model", "") if isinstance(sent.body, dict) else ""
    if model in _RUNNING:
        sent.body["model"] = f"{model}-is-busy"
    elif model and sent.body.get("stream"):
        _RUNNING.add(model)


@mutant(Stage.REQUEST)
def deaf_to_hang_ups(sent: Sent) -> None:
    """Does not hear a client hang up."""
    sent.deaf = True


@mutant(Stage.CHUNK)
def error_as_stop(doc: Any, reply: Reply) -> list[Any] | None:
    """Makes a normal end of an error in mid-stream."""
    del reply
    if not failed(doc):
        return None
    return [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, DONE]


@mutant(Stage.CHUNK)
def error_then_done(doc: Any, reply: Reply) -> list[Any] | None:
    """Ends a stream that failed with [DONE] instead of the error."""
    del reply
    return [DONE] if failed(doc) else None


@mutant(Stage.CHUNK)
def error_swallowed(doc: Any, reply: Reply) -> list[Any] | None:
    """Ends a stream that failed as if there were no more to say."""
    del reply
    return [] if failed(doc) else None


@mutant(Stage.CHUNK)
def error_without_message(doc: Any, reply: Reply) -> None:
    """Reports an error in mid-stream without saying which."""
    del reply
    if failed(doc):
        doc["error"] = {"message": "", "type": None}


@mutant(Stage.CHUNK)
def error_with_trace(doc: Any, reply: Reply) -> None:
    """Reports an error in mid-stream with its stack trace."""
    del reply
    if failed(doc):
        trace = 'Traceback (most recent call last):\n  File "/app/gateway.py", line 1, in main'
        doc["error"]["message"] += trace


@mutant(Stage.HEAD)
def failed_start_as_200(reply: Reply) -> None:
    """Answers a streaming request that failed at once with status 200."""
    if streaming(reply) and reply.status >= 400:
        reply.status = 200


@mutant(Stage.HEAD)
def failed_start_as_500(reply: Reply) -> None:
    """Answers every streaming request that failed at once with status 500."""
    if streaming(reply) and reply.status >= 400:
        reply.status = 500


@mutant(Stage.ANSWER)
def failed_start_in_other_words(doc: Any, reply: Reply) -> Any:
    """Reports the failure of a streaming request in words of its own."""
    return {"detail": doc["error"]} if streaming(reply) and failed(doc) else None


@mutant(Stage.CHUNK)
def broken_for_good(doc: Any, reply: Reply) -> list[Any] | None:
    """After a stream that failed, fails every later one of the same model."""
    model = reply.request.body["model"]
    if failed(doc):
        _BROKEN.add(model)
    elif reply.memory.setdefault("doomed", model in _BROKEN):
        return [{"error": {"message": "still broken", "type": "server_error"}}]
    return None


@mutant(Stage.CHUNK)
def others_broken_too(doc: Any, reply: Reply) -> list[Any] | None:
    """When a stream fails, the others of the same model that are under way hear no more."""
    model = reply.request.body["model"]
    if failed(doc):
        _BROKEN.add(model)
    elif not reply.memory.setdefault("after", model in _BROKEN) and model in _BROKEN:
        return []
    return None


@mutant(Stage.ANSWER, Stage.CHUNK)
def failure_passed_on(doc: Any, reply: Reply) -> Any:
    """Answers the request after one that failed with the same failure."""
    if failed(doc):
        _LAST["failure"] = doc
    elif failure := _LAST.pop("failure", None):
        return [failure] if streaming(reply) else failure
    return None


@mutant(Stage.CHUNK, Stage.ANSWER)
def answers_swapped(doc: Any, reply: Reply) -> None:
    """Gives each conversation text of the one heard before it."""
    for part in parts(doc):
        if part.get("content"):
            last = _LAST.get("content")
            _LAST["content"] = (reply.request.body["messages"], part["content"])
            if last and last[0] != reply.request.body["messages"]:
                part["content"] = last[1]


@mutant(Stage.UPSTREAM)
def questions_swapped(sent: Sent) -> None:
    """Asks each provider what the conversation before asked."""
    for key in ("messages", "contents"):
        if isinstance(sent.body, dict) and key in sent.body:
            own = sent.body[key]
            sent.body[key] = _LAST.get(key, own)
            _LAST[key] = own


@mutant(Stage.REQUEST)
def conversation_before_sent_again(sent: Sent) -> None:
    """Sends the conversation before with each new one."""
    if isinstance(sent.body, dict) and "messages" in sent.body:
        own = sent.body["messages"]
        sent.body["messages"] = [*_LAST.get("before", []), *own]
        _LAST["before"] = own


@mutant(Stage.HEAD)
def one_call_id_for_all(reply: Reply) -> None:
    """Has the same x-litellm-call-id for all answers."""
    reply.headers["x-litellm-call-id"] = "00000000-0000-4000-8000-000000000000"


@mutant(Stage.ANSWER, Stage.CHUNK)
def equal_questions_answered_once(doc: Any, reply: Reply) -> None:
    """Gives equal requests one and the same answer."""
    for choice in choices(doc):
        for part in parts({"choices": [choice]}):
            if part.get("content"):
                place = reply.memory["place"] = reply.memory.get("place", 0) + 1
                key = (str(reply.request.body), place)
                part["content"] = _LAST.setdefault(key, part["content"])
