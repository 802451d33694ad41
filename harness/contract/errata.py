"""Corrections to the published schema, each with a trip-wire for the day upstream makes it.

The rows and their reasons are in ``errata.toml``.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from harness.contract.walk import Schema, rewrite
from harness.verdicts import HarnessError

Schemas = dict[str, Schema]

_ANNOTATIONS = frozenset({"default", "deprecated", "title"})


@dataclass(frozen=True, slots=True)
class Erratum:
    """One correction. ``schema`` names a schema, ``at`` is a JSON pointer into it.

    Both are empty for a patch that goes through all schemas; ``property`` is only for
    ``not required``.
    """

    id: str
    patch: str
    reason: str
    link: str
    schema: str = ""
    at: str = ""
    property: str = ""


def parse(text: str) -> list[Erratum]:
    """The rows of an errata file (TOML text), in order.

    Raises:
        HarnessError: it is not TOML, or a row has unknown or missing keys.
    """
    try:
        return [Erratum(**row) for row in tomllib.loads(text).get("erratum", [])]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise HarnessError(
            "the errata of the OpenAI schema cannot be read",
            fix="correct harness/contract/errata.toml; its head says what a row holds",
            detail=str(error),
        ) from None


def load() -> list[Erratum]:
    """The errata that the harness ships. Raises as ``parse``."""
    return parse(files("harness.contract").joinpath("errata.toml").read_text("utf-8"))


def apply(schemas: Schemas, errata: Sequence[Erratum]) -> Schemas:
    """A copy of ``schemas`` (name to schema) with ``errata`` applied in order.

    Raises:
        HarnessError: an erratum would change nothing, because upstream has mended or moved what
            it corrects; or its ``patch`` is unknown.
    """
    patched = copy.deepcopy(schemas)
    for erratum in errata:
        patch = _PATCHES.get(erratum.patch)
        if patch is None:
            raise HarnessError(
                f"erratum {erratum.id}: no patch is called {erratum.patch!r}",
                fix=f"use one of: {', '.join(_PATCHES)}",
            )
        if not patch(patched, erratum):
            where = f" at {erratum.schema}{erratum.at}" if erratum.schema else ""
            raise HarnessError(
                f"erratum {erratum.id} no longer changes anything{where}",
                fix=f"remove the row {erratum.id!r} from harness/contract/errata.toml;"
                " if the schema has only moved, correct its `schema` and `at`",
                detail=f"{erratum.reason}\n{erratum.link}",
            )
    return patched


def or_null(schema: Schema) -> Schema:
    """The union of ``schema`` with null. Its annotations (``deprecated`` …) stay outside."""
    outside = {keyword: schema[keyword] for keyword in sorted(_ANNOTATIONS & schema.keys())}
    inside = {keyword: value for keyword, value in schema.items() if keyword not in outside}
    return {"anyOf": [inside, {"type": "null"}], **outside}


def _nullable_is_a_union(schemas: Schemas, _: Erratum) -> bool:
    changes = 0

    def change(schema: Schema) -> Schema:
        nonlocal changes
        if schema.pop("nullable", False) is not True:
            return schema
        changes += 1
        return or_null(schema)

    for name in schemas:
        schemas[name] = rewrite(schemas[name], change)
    return changes > 0


def _accept_null(schemas: Schemas, erratum: Erratum) -> bool:
    target = _target(schemas, erratum)
    if target is None:
        return False
    if Draft202012Validator({**target, "schemas": schemas}).is_valid(None):
        return False
    before = dict(target)
    target.clear()
    target.update(or_null(before))
    return True


def _not_required(schemas: Schemas, erratum: Erratum) -> bool:
    target = _target(schemas, erratum)
    if target is None or erratum.property not in target.get("required", []):
        return False
    target["required"] = [name for name in target["required"] if name != erratum.property]
    return True


_PATCHES: dict[str, Callable[[Schemas, Erratum], bool]] = {
    "nullable is a union": _nullable_is_a_union,
    "accept null": _accept_null,
    "not required": _not_required,
}


def _target(schemas: Schemas, erratum: Erratum) -> Schema | None:
    """The schema an erratum points to, in place, or None when it is not there."""
    here: Any = schemas.get(erratum.schema)
    for step in erratum.at.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list) and key.isdecimal() and int(key) < len(here):
            here = here[int(key)]
        elif isinstance(here, dict):
            here = here.get(key)
        else:
            return None
    return here if isinstance(here, dict) else None
