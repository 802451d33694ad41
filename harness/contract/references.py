"""JSON Schemas in one way of writing, so that two ways to say the same are equal."""

from __future__ import annotations

from typing import Any

from harness.wire.exchange import dig
from harness.wire.expect import ABSENT

_DEFINITIONS = ("$defs", "definitions")
_NULL = {"type": "null"}


def inlined(schema: Any) -> Any:
    """``schema`` with each ``#/$defs/…`` replaced by what it refers to, and without definitions.

    A reference that leads nowhere, or into itself, stays.
    """
    resolved = _resolved(schema, schema, ())
    if not isinstance(resolved, dict):
        return resolved
    return {key: value for key, value in resolved.items() if key not in _DEFINITIONS}


def nullable(schema: Any) -> Any:
    """``schema`` with "something or null" in Gemini's words, ``nullable: true``.

    Rule: https://ai.google.dev/api/caching#Schema
    """
    if isinstance(schema, list):
        return [nullable(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    here = {key: nullable(value) for key, value in schema.items()}
    ways = here.get("anyOf")
    if isinstance(ways, list):
        others = [way for way in ways if way != _NULL]
        if len(others) == 1 and isinstance(others[0], dict):
            del here["anyOf"]
            here |= others[0]
        if len(others) < len(ways):
            here["nullable"] = True
    return here


def _resolved(here: Any, root: Any, above: tuple[str, ...]) -> Any:
    if isinstance(here, list):
        return [_resolved(entry, root, above) for entry in here]
    if not isinstance(here, dict):
        return here
    reference = here.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in above:
        target = dig(root, reference.removeprefix("#/").replace("/", "."))
        if target is not ABSENT:
            return _resolved(target, root, (*above, reference))
    return {key: _resolved(value, root, above) for key, value in here.items()}
