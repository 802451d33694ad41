"""Gateways that count wrong, or mix several choices up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.mutants.registry import Reply, Stage, choices, mutant

DETAILS = ("prompt_tokens_details", "completion_tokens_details")


def usages(doc: Any) -> Iterator[dict[str, Any]]:
    """The usage object of a document, if it has one."""
    found = doc.get("usage") if isinstance(doc, dict) else None
    if isinstance(found, dict):
        yield found


@mutant(Stage.ANSWER, Stage.CHUNK)
def counts_swapped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes prompt tokens for completion tokens, and the other way round."""
    for usage in usages(doc):
        prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
        usage["prompt_tokens"], usage["completion_tokens"] = completion, prompt


@mutant(Stage.ANSWER, Stage.CHUNK)
def usage_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Gives no usage."""
    doc.pop("usage", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def total_of_the_prompt(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Leaves the completion out of the total."""
    for usage in usages(doc):
        usage["total_tokens"] = usage["prompt_tokens"]


@mutant(Stage.ANSWER, Stage.CHUNK)
def counts_as_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Sends token counts as text."""
    for usage in usages(doc):
        usage |= {k: str(v) for k, v in usage.items() if isinstance(v, int)}


@mutant(Stage.ANSWER, Stage.CHUNK)
def cached_taken_off_the_prompt(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Does not count cached tokens as tokens of the prompt."""
    for usage in usages(doc):
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        usage["prompt_tokens"] -= cached
        usage["total_tokens"] -= cached


@mutant(Stage.ANSWER, Stage.CHUNK)
def reasoning_added_to_the_completion(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Counts reasoning tokens twice."""
    for usage in usages(doc):
        thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
        usage["completion_tokens"] += thought
        usage["total_tokens"] += thought


@mutant(Stage.ANSWER, Stage.CHUNK)
def usage_details_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Gives no details of usage."""
    for usage in usages(doc):
        for key in DETAILS:
            usage.pop(key, None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def cached_tokens_made_up(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says that half of every prompt was cached."""
    for usage in usages(doc):
        usage["prompt_tokens_details"] = {"cached_tokens": usage["prompt_tokens"] // 2}


@mutant(Stage.ANSWER, Stage.CHUNK)
def reasoning_tokens_guessed(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes half of every completion for reasoning."""
    for usage in usages(doc):
        guess = usage["completion_tokens"] // 2
        usage["completion_tokens_details"] = {"reasoning_tokens": guess}


@mutant(Stage.CHUNK)
def streamed_usage_doubled(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Adds up the usage of a stream that is already a sum."""
    for usage in usages(doc):
        usage |= {k: v * 2 for k, v in usage.items() if isinstance(v, int)}


@mutant(Stage.CHUNK)
def streamed_details_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Gives no details of usage in streams."""
    for usage in usages(doc):
        for key in DETAILS:
            usage.pop(key, None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def zero_is_one(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes a count of zero for a count that is missing."""
    for usage in usages(doc):
        usage |= {k: 1 for k, v in usage.items() if v == 0 and k.endswith("_tokens")}


@mutant(Stage.ANSWER, Stage.CHUNK)
def usage_lost_at_odd_ends(doc: Any, reply: Reply) -> None:
    """Gives usage only for answers that end with stop."""
    ends = {choice.get("finish_reason") for choice in choices(doc)} - {None}
    reply.memory["ends"] = ends or reply.memory.get("ends", set())
    if reply.memory["ends"] - {"stop"}:
        doc.pop("usage", None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def cache_writes_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Does not count tokens written to a cache."""
    for usage in usages(doc):
        written = usage.pop("cache_creation_input_tokens", 0)
        usage["prompt_tokens"] -= written
        usage["total_tokens"] -= written


@mutant(Stage.ANSWER)
def no_usage_no_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes an answer that cost nothing for an empty one."""
    if any(usage["total_tokens"] == 0 for usage in usages(doc)):
        for choice in choices(doc):
            choice["message"]["content"] = None


@mutant(Stage.ANSWER, Stage.CHUNK)
def choices_mixed(doc: Any, reply: Reply) -> None:
    """Gives every second piece of text to the next choice."""
    for choice in choices(doc):
        reply.memory["turn"] = reply.memory.get("turn", 0) + 1
        if reply.request.body.get("n") and reply.memory["turn"] % 2:
            choice["index"] = (choice["index"] + 1) % reply.request.body["n"]


@mutant(Stage.ANSWER, Stage.CHUNK)
def further_choices_lost(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Passes on the first choice only."""
    if isinstance(doc.get("choices"), list):
        doc["choices"] = [choice for choice in choices(doc) if choice.get("index") == 0]


@mutant(Stage.ANSWER, Stage.CHUNK)
def index_always_zero(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Numbers every choice zero."""
    for choice in choices(doc):
        choice["index"] = 0


@mutant(Stage.ANSWER, Stage.CHUNK)
def choices_from_one(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Numbers choices from one."""
    for choice in choices(doc):
        choice["index"] += 1


@mutant(Stage.ANSWER)
def finish_of_the_first_for_all(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Has the first choice's finish reason for all."""
    for choice in choices(doc):
        choice["finish_reason"] = doc["choices"][0].get("finish_reason")


@mutant(Stage.ANSWER)
def logprobs_of_the_first_for_all(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Has the first choice's log probabilities for all."""
    for choice in choices(doc):
        choice["logprobs"] = doc["choices"][0].get("logprobs")


@mutant(Stage.ANSWER, Stage.CHUNK)
def calls_in_the_first_choice(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Gives every tool call to the first choice."""
    for choice in choices(doc):
        if (choice.get("message") or choice.get("delta") or {}).get("tool_calls"):
            choice["index"] = 0


@mutant(Stage.ANSWER, Stage.CHUNK)
def usage_for_each_choice(doc: Any, reply: Reply) -> None:
    """Counts the completion once for each choice."""
    for usage in usages(doc):
        more = usage["completion_tokens"] * ((reply.request.body.get("n") or 1) - 1)
        usage["completion_tokens"] += more
        usage["total_tokens"] += more
