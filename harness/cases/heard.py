"""What the provider heard of a case's last request, compared with what the client said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from harness.cases.case import Case
from harness.contract.conversation import arrived, camel, expected
from harness.verdicts import Wire
from harness.wire.expect import ABSENT, Like, require, same

A_COUNT = Like("a whole number above 0", lambda seen: type(seen) is int and seen > 0)
_ENVELOPE = frozenset({"model", "messages", "contents", "system", "systemInstruction", "stream"})


def body(case: Case) -> dict[str, Any]:
    """The body of the last request, in camelCase where it is Gemini's; {} when none came."""
    seen = case.upstream.exchanges
    document = seen[-1].request.json if seen else {}
    return camel(document) if case.dialect == "gemini" else document


def settings(case: Case) -> dict[str, Any]:
    """All of the body but model, conversation and ``stream``.

    Also left out is the one thing that LiteLLM asks an OpenAI stream for on its own account, in
    order to bill it: ``stream_options.include_usage``.
    """
    kept = {key: value for key, value in body(case).items() if key not in _ENVELOPE}
    options = kept.get("stream_options")
    if isinstance(options, dict):
        others = {key: value for key, value in options.items() if key != "include_usage"}
        kept.pop("stream_options")
        kept.update({"stream_options": others} if others else {})
    return {key: value for key, value in kept.items() if (key, value) != ("generationConfig", {})}


def always_set(dialect: str) -> dict[str, Any]:
    """The settings that a request has when the client made none.

    Anthropic's API refuses a request without ``max_tokens``, so LiteLLM sends one of its own:
    https://docs.litellm.ai/docs/providers/anthropic#supported-openai-parameters
    """
    return {"max_tokens": A_COUNT} if dialect == "anthropic" else {}


def expect_settings(case: Case, wanted: Mapping[str, Any]) -> None:
    """The provider got exactly these settings, and none besides.

    Raises:
        Violation: one fact for each that is missing, different or not asked for.
    """
    seen = settings(case)
    both = {**always_set(case.dialect), **wanted}
    missing = {key: (value, seen.get(key, ABSENT)) for key, value in both.items()}
    extra = {key: (ABSENT, value) for key, value in seen.items() if key not in both}
    require(Wire.UPSTREAM, {**missing, **extra})


def expect_conversation(case: Case, messages: Sequence[Mapping[str, Any]]) -> None:
    """The provider got exactly this conversation: each thing said, once, in order, by its speaker.

    Raises:
        Violation: one fact for each turn that differs.
    """
    wanted = expected(case.dialect, messages).outline
    seen = arrived(case.dialect, body(case)).outline
    facts: dict[str, tuple[Any, Any]] = {"system": (wanted["system"], seen["system"])}
    pairs = zip_longest(wanted["turns"], seen["turns"], fillvalue=ABSENT)
    parted = next(((n, *pair) for n, pair in enumerate(pairs) if not same(pair[1], pair[0])), None)
    if parted is not None:
        facts["turns"] = (len(wanted["turns"]), len(seen["turns"]))
        facts[f"turn {parted[0]}"] = parted[1:]
    require(Wire.UPSTREAM, facts)


def expect_messages(case: Case, messages: Sequence[Mapping[str, Any]]) -> None:
    """The provider got exactly this list of OpenAI messages; a key that is null may be absent.

    Raises:
        Violation: one fact for each message that differs.
    """
    wanted, seen = _without_nulls(messages), _without_nulls(body(case).get("messages", []))
    pairs = enumerate(zip_longest(wanted, seen, fillvalue=ABSENT))
    require(Wire.UPSTREAM, {f"messages.{n}": pair for n, pair in pairs})


def _without_nulls(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in message.items() if v is not None} for message in messages]
