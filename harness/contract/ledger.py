"""The requirement ledger: one row per sentence that something has to obey.

``suites/requirements/<suite>/<theme>.toml`` holds rows of one suite::

    [[requirement]]
    id = "chat.stream.done"
    level = "MUST"
    text = "A stream that succeeds ends with data: [DONE], once."
    source = "https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream"
    mutants = ["stream-without-done"]
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.verdicts import HarnessError


class Level(StrEnum):
    """How binding a requirement is (RFC 2119). A broken SHOULD warns; only a MUST is red."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Requirement(BaseModel):
    """One row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$")
    level: Level
    text: str = Field(min_length=10)
    source: str = Field(min_length=5)
    mutants: tuple[str, ...] = Field(min_length=1)
    suite: str


Ledger = Mapping[str, Requirement]


def load_ledger(folder: Path) -> Ledger:
    """All rows of all suites, by id.

    Raises:
        HarnessError: a file is not TOML, a row is not well formed, or an id is there twice.
    """
    rows: dict[str, Requirement] = {}
    for file in sorted(folder.glob("*/*.toml")):
        for row in _rows(file):
            if row.id in rows:
                raise HarnessError(
                    f"{file.name}: requirement {row.id} is there twice", fix="give one another id"
                )
            rows[row.id] = row
    return rows


def _rows(file: Path) -> Iterable[Requirement]:
    try:
        raw = tomllib.loads(file.read_text())["requirement"]
        return [Requirement(suite=file.parent.name, **row) for row in raw]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise HarnessError(
            f"{file} is no ledger: {error}", fix="write rows as [[requirement]] tables"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise HarnessError(
            f"{file}: {where}: {first['msg']}", fix=f"correct {where} (seen: {first['input']!r})"
        ) from None


def unknown_id(wanted: str, ledger: Ledger) -> str:
    """What to say of an id that is not in the ledger."""
    close = difflib.get_close_matches(wanted, ledger, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"no requirement {wanted!r} in the ledger{hint}"
