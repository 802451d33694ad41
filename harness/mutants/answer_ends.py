"""Gateways that get the end of an answer wrong: finish reasons and what was said before."""

from __future__ import annotations

from typing import Any

from harness.mutants.registry import Reply, Stage, choices, mutant, parts

NATIVE = {"stop": "end_turn", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
ODD = ("length", "content_filter")


def translate(doc: Any, words: dict[str, Any]) -> None:
    """Put other words in the place of finish reasons."""
    for choice in choices(doc):
        reason = choice.get("finish_reason")
        if reason in words:
            choice["finish_reason"] = words[reason]


def lose_text(doc: Any, *ends: str) -> None:
    """Take the text out of whole answers that end for one of these reasons."""
    for choice in choices(doc):
        if choice.get("finish_reason") in ends and "message" in choice:
            choice["message"]["content"] = None


@mutant(Stage.ANSWER, Stage.CHUNK)
def finish_reason_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Never says why an answer ended."""
    translate(doc, dict.fromkeys(("stop", "length", "tool_calls", "content_filter")))


@mutant(Stage.ANSWER, Stage.CHUNK)
def stop_is_length(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says length for a natural end."""
    translate(doc, {"stop": "length"})


@mutant(Stage.ANSWER, Stage.CHUNK)
def cut_is_stop(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says stop for an answer cut at the token limit."""
    translate(doc, {"length": "stop"})


@mutant(Stage.ANSWER, Stage.CHUNK)
def filter_is_stop(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says stop for an answer that a filter cut."""
    translate(doc, {"content_filter": "stop"})


@mutant(Stage.ANSWER, Stage.CHUNK)
def broken_off_is_stop(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says stop for every end."""
    translate(doc, dict.fromkeys(("length", "tool_calls", "content_filter"), "stop"))


@mutant(Stage.ANSWER, Stage.CHUNK)
def calls_end_with_stop(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says stop for an end that calls tools."""
    translate(doc, {"tool_calls": "stop"})


@mutant(Stage.ANSWER, Stage.CHUNK)
def cut_call_looks_whole(doc: Any, reply: Reply) -> None:
    """Says tool_calls whenever there are some, even if they were cut."""
    calls = any(part.get("tool_calls") for part in parts(doc))
    if reply.memory.setdefault("calls", calls) or calls:
        reply.memory["calls"] = True
        translate(doc, {"length": "tool_calls"})


@mutant(Stage.ANSWER, Stage.CHUNK)
def filter_explained_in_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says in the text that a filter took it away."""
    for choice in choices(doc):
        part = choice.get("message") or choice.setdefault("delta", {})
        if choice.get("finish_reason") == "content_filter" and not part.get("content"):
            part["content"] = "[filtered]"


@mutant(Stage.ANSWER, Stage.CHUNK)
def finish_in_native_words(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Passes the provider's words for the end on as they are."""
    translate(doc, NATIVE)


@mutant(Stage.ANSWER)
def text_lost_at_the_limit(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Throws away what came before the token limit."""
    lose_text(doc, "length")


@mutant(Stage.ANSWER)
def text_lost_at_the_filter(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Throws away what came before the filter."""
    lose_text(doc, "content_filter")


@mutant(Stage.ANSWER)
def text_lost_at_odd_ends(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Throws away what came before any end but a natural one."""
    lose_text(doc, *ODD)


@mutant(Stage.ANSWER, Stage.CHUNK)
def native_word_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Keeps the provider's own word for the end to itself."""
    for choice in choices(doc):
        choice.pop("provider_specific_fields", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def native_word_translated(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Has OpenAI's word where the provider's own should be."""
    for choice in choices(doc):
        fields = choice.get("provider_specific_fields") or {}
        if "native_finish_reason" in fields:
            fields["native_finish_reason"] = choice.get("finish_reason")
