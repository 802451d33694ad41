"""Gateways that get what comes beside the text wrong: reasoning and log probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.mutants.registry import Reply, Stage, choices, mutant, parts


def tokens(doc: Any) -> Iterator[dict[str, Any]]:
    """The entries of log probabilities."""
    for choice in choices(doc):
        yield from (choice.get("logprobs") or {}).get("content") or []


@mutant(Stage.ANSWER, Stage.CHUNK)
def reasoning_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Keeps reasoning to itself."""
    for part in parts(doc):
        part.pop("reasoning_content", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def reasoning_trimmed(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Strips white space around reasoning."""
    for part in parts(doc):
        if part.get("reasoning_content"):
            part["reasoning_content"] = part["reasoning_content"].strip()


@mutant(Stage.ANSWER, Stage.CHUNK)
def reasoning_in_content(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Puts reasoning into the text."""
    for part in parts(doc):
        if thought := part.pop("reasoning_content", None):
            part["content"] = f"<think>{thought}</think>{part.get('content') or ''}"


@mutant(Stage.ANSWER, Stage.CHUNK)
def reasoning_made_up(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes the text for reasoning, too."""
    for part in parts(doc):
        if part.get("content"):
            part["reasoning_content"] = part["content"]


@mutant(Stage.ANSWER, Stage.CHUNK)
def signature_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Leaves the signature out of thinking."""
    for part in parts(doc):
        for block in part.get("thinking_blocks") or []:
            block.pop("signature", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def logprobs_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Keeps log probabilities to itself."""
    for choice in choices(doc):
        choice.pop("logprobs", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def logprobs_rounded(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Rounds log probabilities."""
    for token in tokens(doc):
        token["logprob"] = round(token["logprob"])


@mutant(Stage.ANSWER, Stage.CHUNK)
def alternatives_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Names no alternatives to a token."""
    for token in tokens(doc):
        token["top_logprobs"] = []


@mutant(Stage.ANSWER, Stage.CHUNK)
def token_bytes_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Leaves the bytes of tokens out."""
    for token in tokens(doc):
        token["bytes"] = None


@mutant(Stage.ANSWER, Stage.CHUNK)
def logprobs_for_the_finish(doc: Any, reply: Reply) -> None:
    """Says why an answer ended only when there are no log probabilities."""
    reply.memory["seen"] = reply.memory.get("seen") or any(True for _ in tokens(doc))
    for choice in choices(doc):
        if reply.memory["seen"]:
            choice["finish_reason"] = None


@mutant(Stage.ANSWER, Stage.CHUNK)
def logprobs_made_up(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Is certain of every text."""
    for choice in choices(doc):
        part = choice.get("message") or choice.get("delta") or {}
        if part.get("content") and not choice.get("logprobs"):
            entry = {"token": part["content"], "logprob": 0.0, "bytes": None, "top_logprobs": []}
            choice["logprobs"] = {"content": [entry], "refusal": None}
