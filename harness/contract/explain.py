"""Say what is wrong with a document in lines that a person reads and a baseline can match.

A line holds a path and what the schema wants. Of the document it shows kinds and plain words
only, never numbers or free text, which change from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema import ValidationError

_WORD = re.compile(r"[A-Za-z][A-Za-z_.\-]{0,39}")
_LIMITS = frozenset({"maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum"})
_TAGS = (["type"], ["role"])  # how this contract tells the alternatives of a union apart


def explain(errors: Iterable[ValidationError]) -> Iterator[str]:
    """One line per plain error; a union gives the lines of the alternative that was meant."""
    errors = list(errors)
    closed = {tuple(error.path) for error in errors if error.validator == "enum"}
    for error in errors:
        where = path_of(error.absolute_path)
        if error.validator in {"anyOf", "oneOf"}:
            yield from _union(error, where)
        elif error.validator != "type" or tuple(error.path) not in closed:
            # The list of values says more than the type does, so a type beside it is left out.
            yield f"{where}: {_wish(error)}"


def path_of(steps: Iterable[str | int]) -> str:
    """``["choices", 0, "message"]`` as ``choices.0.message``; the root is ``the body``."""
    return ".".join(map(str, steps)) or "the body"


def _wish(error: ValidationError) -> str:
    keyword, wanted = str(error.validator), _wanted(error)
    if keyword == "type":
        return f"should be {_either(_kinds(wanted))}, is {_kind(error.instance)}"
    if keyword == "enum":
        return f"should be {_either(map(repr, wanted))}, is {_word(error.instance)}"
    if keyword == "required":
        return error.message  # names the one missing property and nothing of the document
    if keyword == "additionalProperties":
        return "has a property that is not allowed"
    return f"should satisfy {keyword} {wanted}" if keyword in _LIMITS else f"breaks {keyword}"


def _union(error: ValidationError, where: str) -> Iterator[str]:
    branches = _branches(error)
    if not branches:
        yield f"{where}: matches more than one of the alternatives"
        return
    if wanted := _refused(error):
        yield f"{where}: should be {_either(wanted)}, is {_word(error.instance)}"
        return
    fitting = [
        branch
        for branch in branches
        if not any(_refused(inner) for inner in branch if not inner.path)
    ]
    tags = [[inner for inner in branch if _is_other_tag(inner)] for branch in fitting]
    meant = [branch for branch, tag in zip(fitting, tags, strict=True) if not tag]
    if meant:
        closest = min(meant, key=len)
        yield from explain(closest)
        return
    tag = tags[0][0]
    values = [value for (first, *_) in tags for value in _wanted(first)]
    where = path_of(tag.absolute_path)
    yield f"{where}: should be {_either(map(repr, values))}, is {_word(tag.instance)}"


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    """The errors inside a union, one list per alternative."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    return list(branches.values())


def _refused(error: ValidationError) -> list[str]:
    """What is wanted in the place of the whole value; empty when the fault is further inside."""
    wanted = _wanted(error)
    if error.validator == "enum":
        return [repr(value) for value in wanted]
    if error.validator == "type":
        return _kinds(wanted)
    words: list[str] = []
    for branch in _branches(error):
        refusals = [_refused(inner) for inner in branch if not inner.path]
        refusals = sorted(filter(None, refusals), key=_is_by_kind)
        if not refusals:
            return []
        words += refusals[0]
    if "string" in words:
        words = [word for word in words if not word.startswith("'")]
    return list(dict.fromkeys(words))


def _is_by_kind(words: list[str]) -> bool:
    return not words[0].startswith("'")


def _is_other_tag(error: ValidationError) -> bool:
    return list(error.path) in _TAGS and error.validator == "enum"


def _wanted(error: ValidationError) -> Any:
    """The value of the keyword that failed."""
    return error.validator_value


def _kinds(wanted: str | list[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else wanted


def _kind(value: Any) -> str:
    """The JSON type of a value, as JSON Schema names it."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")


def _word(value: Any) -> str:
    """A short word without digits as it is, of anything else only the kind."""
    if not isinstance(value, str):
        return _kind(value)
    return repr(value) if _WORD.fullmatch(value) else "another string"


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
