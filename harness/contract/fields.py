"""The request fields that the contract documents, so that a suite can prove it covers them all."""

from __future__ import annotations

from harness.contract.schema import Kind, schemas
from harness.contract.walk import Schema


def request_fields() -> dict[str, Schema]:
    """Every documented top-level field of a chat completion request, name to schema, sorted.

    A field described in several parts of the request's ``allOf`` has them all under an ``allOf``
    of its own. A schema that is only a reference is replaced by what it refers to; references
    further inside stay (``#/schemas/NAME``, see ``schema.schemas``). ``deprecated: true`` is kept.

    Raises:
        HarnessError: an erratum no longer fits the vendored schema.
    """
    found: dict[str, list[Schema]] = {}
    _collect(schemas()[Kind.REQUEST], found)
    return {
        name: parts[0] if len(parts) == 1 else {"allOf": parts}
        for name, parts in sorted(found.items())
    }


def _collect(schema: Schema, found: dict[str, list[Schema]]) -> None:
    schema = _resolved(schema)
    for part in schema.get("allOf", []):
        _collect(part, found)
    for name, field in schema.get("properties", {}).items():
        found.setdefault(name, []).append(_resolved(field))


def _resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        siblings = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        schema = {**schemas()[schema["$ref"].removeprefix("#/schemas/")], **siblings}
    return schema
