"""One answer before the three judges: published schema, SDK models, the SDK really reading it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from harness.cases.answer import Answer, Call
from harness.contract import schema, sdk
from harness.contract.schema import Kind
from harness.verdicts import Fact, Violation, Wire
from harness.wire.expect import require

Judge = Callable[[Kind, Any], list[str]]


def fits_schema(answer: Answer, *, but: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> None:
    """The published schema has no complaint about any document of the answer.

    ``but`` and ``only`` name fields whose absence is not, or alone, asked about.

    Raises:
        Violation: one fact for each complaint, which says what the SDK's models make of it.
    """
    other = "reject it too" if _complaints(sdk.model_violations, answer) else "accept it"
    what = f"published schema (the official SDK's models {other})"
    found = _complaints(schema.violations, answer)
    if only:
        found = [line for line in found if _absent_field(line) in only]
    _reject(what, [line for line in found if _absent_field(line) not in but])


def fits_sdk_models(answer: Answer) -> None:
    """The official SDK's models, in strict mode, accept every document of the answer.

    Raises:
        Violation: one fact for each complaint.
    """
    _reject("official SDK's models", _complaints(sdk.model_violations, answer))


def reads_as(
    answer: Answer, *, text: str = "", finish_reasons: list[str], calls: tuple[Call, ...] = ()
) -> None:
    """The official SDK reads the answer to its end and gets exactly this.

    Raises:
        Violation: one fact for each difference.
    """
    got = sdk.read(answer.response, stream=answer.streamed)
    seen_calls = [(call.id, call.name, call.arguments) for call in got.tool_calls]
    require(
        Wire.CLIENT,
        {
            "SDK: error": (None, got.error and got.error.name),
            "SDK: text": (text, got.text),
            "SDK: finish reasons": (finish_reasons, list(got.finish_reasons)),
            "SDK: tool calls": ([(c.id, c.name, c.arguments) for c in calls], seen_calls),
        },
    )


def _absent_field(complaint: str) -> str | None:
    """The field whose absence is complained about, if that is the complaint."""
    found = re.search(r"'(\w+)' is a required property$", complaint)
    return found[1] if found else None


def _complaints(judge: Judge, answer: Answer) -> list[str]:
    """Distinct complaints about an answer's documents, in order."""
    kind = Kind.CHUNK if answer.streamed else Kind.COMPLETION
    return list(dict.fromkeys(line for d in answer.documents for line in judge(kind, d)))


def _reject(what: str, complaints: list[str]) -> None:
    if complaints:
        raise Violation(*(Fact(Wire.CLIENT, what, "no complaint", line) for line in complaints))
