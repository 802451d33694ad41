"""What makes an answer a proper error, for the cases about errors."""

from __future__ import annotations

import re
from typing import Any

from harness.cases.answer import Answer
from harness.contract.schema import violations_of_error
from harness.verdicts import Fact, Violation, Wire
from harness.wire.exchange import dig
from harness.wire.expect import ABSENT, Like, require

CLIENT_ERROR = Like("4xx", lambda seen: isinstance(seen, int) and 400 <= seen < 500)
SERVER_ERROR = Like("5xx", lambda seen: isinstance(seen, int) and 500 <= seen < 600)
ANY_ERROR = Like("4xx or 5xx", lambda seen: isinstance(seen, int) and 400 <= seen < 600)
UNAVAILABLE = Like(
    "408 or 5xx", lambda seen: isinstance(seen, int) and (seen == 408 or 500 <= seen < 600)
)

# How the plain client reports an answer that stopped without an end.
STALLED = "nothing more, and the connection stays open"

# What must not be in a client's error, whoever put it there. Names, not what was found: a report
# has to be the same in every run.
INTERNALS = {
    "a stack trace": re.compile(r"Traceback \(most recent call last\)|\.py\\?\", line \d"),
    "a path in the proxy's file system": re.compile(
        r"site-packages|(?<![\w:/.])/(?:root|home|usr|opt|app|tmp|var|etc|private)/\w"
    ),
    "a Python object with its memory address": re.compile(r" object at 0x[0-9a-f]+"),
}
# A type may be any word; these are the ones that say something about whose fault it was.
BLAMES_SERVER = re.compile(r"server|api_error|overloaded|unavailable|connection")
BLAMES_CLIENT = re.compile(r"invalid_request|bad_request|auth|permission|not_found|rate_limit|thro")
BY_STATUS = {
    401: re.compile(r"auth|invalid_request|api_key"),
    403: re.compile(r"permission|forbidden|denied|access|invalid_request"),
    429: re.compile(r"rate_limit|throttl|quota|^requests$|^tokens$"),
}


def expect_error(answer: Answer, status: Any = ANY_ERROR) -> None:
    """An error as JSON, not as a stream, with this status: a number or a ``Like``.

    Raises:
        Violation: it is something else.
    """
    kind = (answer.headers.get("content-type") or "none").split(";")[0].strip().lower()
    require(
        Wire.CLIENT,
        {"status": (status, answer.status), "content type": ("application/json", kind)},
    )


def expect_envelope(answer: Answer, what: str = "error") -> None:
    """The body is ``{"error": {"message", "type", "param", "code"}}``; ``type`` may be null.

    Raises:
        Violation: one fact for each difference.
    """
    wrong = [line for line in _schema_lines(answer) if not line.startswith("error.type:")]
    if not wrong and not dig(answer.json, "error.message"):
        wrong = ["error.message: is empty"]
    if wrong:
        raise Violation(*(Fact(Wire.CLIENT, what, "OpenAI's envelope", line) for line in wrong))


def _schema_lines(answer: Answer) -> list[str]:
    """What the published schema finds wrong with an error's body."""
    return violations_of_error(answer.json)


def error_field(answer: Answer, name: str) -> Any:
    """A field of the error object, or ``ABSENT``; also when the body is no error at all."""
    try:
        return dig(answer.json, f"error.{name}")
    except Violation:
        return ABSENT


def says_none(answer: Answer) -> list[str]:
    """The fields of an error that hold the word None or null as a text."""
    fields = ("type", "param", "code")
    return [name for name in fields if error_field(answer, name) in ("None", "null")]


def type_for(status: int) -> Like:
    """A type that does not contradict the status. Null and absent are another rule's business."""

    def holds(seen: Any) -> bool:
        if seen is None or seen is ABSENT:
            return True
        if not isinstance(seen, str):
            return False
        contradicts = BLAMES_SERVER if status < 500 else BLAMES_CLIENT
        fits = BY_STATUS.get(status, re.compile(""))
        return not contradicts.search(seen) and bool(fits.search(seen))

    return Like(f"a type that goes with {status}", holds)


def code_for(status: int, own: str | None = None) -> Like:
    """Null, the status as text, or the provider's own word: never another status."""
    return Like(
        f"null, {str(status)!r} or the provider's own code",
        lambda seen: seen is None or seen == str(status) or (own is not None and seen == own),
    )


def internals(answer: Answer) -> list[str]:
    """The kinds of internals that an error gives away, in its body or headers."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.lines)
    text = answer.response.body.decode("utf-8", "replace") + "\n" + headers
    return [name for name, pattern in INTERNALS.items() if pattern.search(text)]
