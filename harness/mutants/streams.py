"""Gateways that break a stream's frame, its text, its ends or its usage."""

from __future__ import annotations

import json
from typing import Any

from harness.mutants.registry import Reply, Stage, choices, mutant, parts

DONE = b"data: [DONE]\n\n"
COUNTS = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def said(doc: Any) -> str:
    """The text in a chunk."""
    return "".join(part.get("content") or "" for part in parts(doc))


def ending(doc: Any) -> bool:
    """Whether a chunk has a finish reason."""
    return any(choice.get("finish_reason") for choice in choices(doc))


def usage_wanted(reply: Reply) -> bool:
    """Whether the client asked for usage in its stream."""
    return bool((reply.request.body.get("stream_options") or {}).get("include_usage"))


@mutant(Stage.HEAD)
def stream_as_plain_text(reply: Reply) -> None:
    """Calls an event stream plain text."""
    if reply.headers.get("Content-Type", "").startswith("text/event-stream"):
        reply.headers["Content-Type"] = "text/plain; charset=utf-8"


@mutant(Stage.DONE)
def unfinished_last_event(reply: Reply) -> list[bytes]:
    """Leaves out the blank line after the last event."""
    del reply
    return [b"data: [DONE]\n"]


@mutant(Stage.CHUNK)
def broken_json(doc: Any, reply: Reply) -> list[Any] | None:
    """Breaks the JSON of the chunk with the finish reason."""
    del reply
    return [b'data: {"choices": [{"index": 0, \n\n'] if ending(doc) else None


@mutant(Stage.RAW)
def named_events(data: bytes, reply: Reply) -> list[bytes]:
    """Gives events a name, so that those who listen for messages hear none."""
    del reply
    return [data.replace(b"data: ", b"event: completion\ndata: ")]


@mutant(Stage.CHUNK)
def chunks_in_latin_1(doc: Any, reply: Reply) -> list[Any]:
    """Encodes chunks in Latin-1."""
    del reply
    text = json.dumps(doc, ensure_ascii=False)
    return [b"data: " + text.encode("latin-1", "replace") + b"\n\n"]


@mutant(Stage.CHUNK)
def usage_with_another_id(doc: Any, reply: Reply) -> None:
    """Has another id for the chunk with the usage."""
    del reply
    if doc.get("usage"):
        doc["id"] = "chatcmpl-usage"


@mutant(Stage.CHUNK)
def model_of_the_provider_at_the_end(doc: Any, reply: Reply) -> None:
    """Names the provider's model in the chunk with the finish reason."""
    del reply
    if ending(doc):
        doc["model"] = "gpt-4o-2024-08-06"


@mutant(Stage.CHUNK)
def role_late(doc: Any, reply: Reply) -> None:
    """Says in the second chunk who answers."""
    for part in parts(doc):
        if reply.memory.pop("late", None):
            part["role"] = "assistant"
        elif part.pop("role", None):
            reply.memory["late"] = True


@mutant(Stage.CHUNK)
def pieces_doubled(doc: Any, reply: Reply) -> list[Any] | None:
    """Sends the third piece of text twice."""
    if not said(doc):
        return None
    reply.memory["pieces"] = reply.memory.get("pieces", 0) + 1
    return [doc, doc] if reply.memory["pieces"] == 3 else None


@mutant(Stage.CHUNK)
def pieces_swapped(doc: Any, reply: Reply) -> list[Any] | None:
    """Sends the first piece of text after the second."""
    if not said(doc) or reply.memory.get("swapped"):
        return [reply.memory.pop("held"), doc] if "held" in reply.memory else None
    if "held" not in reply.memory:
        reply.memory["held"] = doc
        return []
    reply.memory["swapped"] = True
    return [doc, reply.memory.pop("held")]


@mutant(Stage.CHUNK)
def blank_pieces_dropped(doc: Any, reply: Reply) -> list[Any] | None:
    """Drops pieces of white space."""
    del reply
    return [] if said(doc) and not said(doc).strip() else None


@mutant(Stage.CHUNK)
def a_hundred_pieces_at_most(doc: Any, reply: Reply) -> list[Any] | None:
    """Passes on a hundred pieces of text and drops the rest."""
    reply.memory["pieces"] = reply.memory.get("pieces", 0) + bool(said(doc))
    return [] if said(doc) and reply.memory["pieces"] > 100 else None


@mutant(Stage.CHUNK)
def unicode_line_ends_dropped(doc: Any, reply: Reply) -> None:
    """Splits at every end of line that Unicode knows, and throws the ends away."""
    del reply
    for part in parts(doc):
        if part.get("content"):
            part["content"] = "".join(part["content"].splitlines())


@mutant(Stage.CHUNK)
def pieces_trimmed(doc: Any, reply: Reply) -> None:
    """Strips white space around each piece of text."""
    del reply
    for part in parts(doc):
        if part.get("content"):
            part["content"] = part["content"].strip()


@mutant(Stage.CHUNK)
def last_piece_dropped(doc: Any, reply: Reply) -> list[Any] | None:
    """Loses the last piece of text before the end."""
    if ending(doc):
        reply.memory.pop("held", None)
        return None
    if not said(doc):
        return None
    held = reply.memory.pop("held", None)
    reply.memory["held"] = doc
    return [held] if held else []


@mutant(Stage.CHUNK)
def finish_reason_twice(doc: Any, reply: Reply) -> list[Any] | None:
    """Says twice why the answer ended."""
    del reply
    return [doc, doc] if ending(doc) else None


@mutant(Stage.CHUNK)
def finish_reason_everywhere(doc: Any, reply: Reply) -> None:
    """Says stop in every chunk."""
    del reply
    for choice in choices(doc):
        choice["finish_reason"] = "stop"


@mutant(Stage.CHUNK)
def finish_reason_first(doc: Any, reply: Reply) -> None:
    """Says in the first chunk why the answer will end, and not again."""
    for choice in choices(doc):
        choice["finish_reason"] = None if reply.memory.get("begun") else "stop"
        reply.memory["begun"] = True


@mutant(Stage.CHUNK)
def text_after_the_finish(doc: Any, reply: Reply) -> list[Any] | None:
    """Sends the first piece of text, or of a call, after the finish reason."""
    if ending(doc) and "held" in reply.memory:
        return [doc, reply.memory["held"]]
    bears = said(doc) or any(part.get("tool_calls") for part in parts(doc))
    if bears and reply.memory.setdefault("held", doc) is doc:
        return []
    return None


@mutant(Stage.DONE)
def done_lost(reply: Reply) -> list[bytes]:
    """Never says [DONE]."""
    del reply
    return []


@mutant(Stage.DONE)
def done_twice(reply: Reply) -> list[bytes]:
    """Says [DONE] twice."""
    del reply
    return [DONE, DONE]


@mutant(Stage.DONE)
def chunk_after_done(reply: Reply) -> list[bytes]:
    """Sends one more chunk after [DONE]."""
    del reply
    return [DONE, b'data: {"choices":[]}\n\n']


@mutant(Stage.DONE)
def junk_after_done(reply: Reply) -> list[bytes]:
    """Ends with text that is no event."""
    del reply
    return [DONE, b"bye"]


@mutant(Stage.DONE)
def error_before_done(reply: Reply) -> list[bytes]:
    """Reports an error after an answer that is whole."""
    del reply
    return [b'data: {"error":{"message":"logging failed","type":"x"}}\n\n', DONE]


@mutant(Stage.CHUNK)
def usage_in_every_chunk(doc: Any, reply: Reply) -> None:
    """Gives usage in every chunk."""
    if usage_wanted(reply):
        doc.setdefault("usage", COUNTS)


@mutant(Stage.CHUNK)
def usage_of_zero(doc: Any, reply: Reply) -> None:
    """Counts nothing in streams."""
    del reply
    if doc.get("usage"):
        doc["usage"] = dict.fromkeys(COUNTS, 0)


@mutant(Stage.CHUNK)
def usage_before_the_finish(doc: Any, reply: Reply) -> list[Any] | None:
    """Gives usage before the finish reason."""
    if doc.get("usage") and "held" in reply.memory:
        return [doc, reply.memory["held"]]
    if ending(doc) and usage_wanted(reply):
        reply.memory["held"] = doc
        return []
    return None


@mutant(Stage.CHUNK)
def usage_unasked(doc: Any, reply: Reply) -> None:
    """Gives usage with the finish reason though nobody asked."""
    if ending(doc) and not usage_wanted(reply):
        doc["usage"] = COUNTS


@mutant(Stage.CHUNK)
def index_as_text(doc: Any, reply: Reply) -> None:
    """Sends the index of a choice as text."""
    del reply
    for choice in choices(doc):
        choice["index"] = str(choice["index"])


@mutant(Stage.HEAD)
def streams_may_be_buffered(reply: Reply) -> None:
    """Does not tell intermediaries to leave a stream alone."""
    for name in ("Cache-Control", "X-Accel-Buffering"):
        reply.headers.popall(name, None)
