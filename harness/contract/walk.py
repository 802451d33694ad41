"""Rewriting a JSON Schema by its keywords, so that a *property* named ``description`` is safe.

Rule: https://json-schema.org/draft/2020-12/json-schema-core (applicator keywords).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]

_ONE = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"}
)
_LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAP = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})


def rewrite(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """A copy of ``schema`` with ``change`` applied to every schema in it, innermost first.

    ``change`` gets a dict of its own to keep or alter. Boolean schemas are left as they are.
    """
    if not isinstance(schema, dict):
        return schema
    copy: Schema = {}
    for keyword, value in schema.items():
        if keyword in _ONE:
            copy[keyword] = rewrite(value, change)
        elif keyword in _LIST:
            copy[keyword] = [rewrite(item, change) for item in value]
        elif keyword in _MAP:
            copy[keyword] = {name: rewrite(item, change) for name, item in value.items()}
        else:
            copy[keyword] = value
    return change(copy)


def references(schema: Any) -> Iterator[str]:
    """Every ``$ref`` in ``schema``, innermost first, with duplicates."""
    found: list[str] = []

    def note(inner: Schema) -> Schema:
        if "$ref" in inner:
            found.append(inner["$ref"])
        return inner

    rewrite(schema, note)
    yield from found
