"""The table of request fields: for every field and provider protocol, what the provider must see.

Its first lines say what the columns mean. A trip-wire: the table names every field that the
published contract has, for every dialect, and no other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.contract.fields import request_fields
from harness.verdicts import HarnessError

Status = Literal["supported", "refused", "kept", "new", "elsewhere"]


class FieldRow(BaseModel):
    """One field of a chat request in one dialect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dialect: str
    field: str
    status: Status
    source: str
    sends: tuple[Any, ...] = ()
    at: str = ""
    arrives: tuple[Any, ...] = ()
    together: dict[str, Any] = Field(default_factory=dict)
    model: str | None = None
    see: str | None = None

    @property
    def samples(self) -> Iterator[tuple[Any, Any]]:
        """What to send, and what has to arrive for it."""
        return zip(self.sends, self.arrives or self.sends, strict=True)

    @property
    def path(self) -> str:
        """Where in the provider's request the value has to be."""
        return self.at or self.field


def load_field_table(file: Path, dialects: Iterable[str]) -> list[FieldRow]:
    """All rows, in the order of the file.

    Raises:
        HarnessError: a row is not well formed, or a field has no row for one of ``dialects``, or
            a row is about a field that the contract does not have.
    """
    content = tomllib.loads(file.read_text("utf-8"))
    sources = content.pop("sources")
    rows = [
        _row(file, dialect, name, columns, sources)
        for dialect, fields in content.items()
        for name, columns in fields.items()
    ]
    wanted = {(dialect, name) for dialect in dialects for name in request_fields()}
    present = {(row.dialect, row.field) for row in rows}
    if missing := sorted(wanted - present):
        raise HarnessError(
            f"{file.name} has no row for {_listed(missing)}",
            fix="add one: does it arrive, and as what, or is it refused?",
        )
    if extra := sorted(present - wanted):
        raise HarnessError(
            f"{file.name} has rows for {_listed(extra)}, which the contract does not document",
            fix="take them out",
        )
    return rows


def _row(
    file: Path, dialect: str, name: str, columns: dict[str, Any], sources: dict[str, str]
) -> FieldRow:
    where = f"{file.name}: {dialect}.{name}"
    try:
        row = FieldRow(dialect=dialect, field=name, **columns)
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(map(str, first["loc"]))
        raise HarnessError(f"{where}.{column}: {first['msg']}", fix="correct it") from None
    if row.source not in sources:
        raise HarnessError(f"{where}: no source {row.source!r}", fix="add it to [sources]")
    if (row.status == "elsewhere") != (row.see is not None) or (row.see is None) != bool(row.sends):
        raise HarnessError(
            f"{where}: a row has either `sends`, or status elsewhere and `see`", fix="correct it"
        )
    if row.see is not None and not (file.parent / row.see).is_file():
        raise HarnessError(f"{where}: there is no {row.see}", fix="name the module with its cases")
    if row.arrives and len(row.arrives) != len(row.sends):
        raise HarnessError(
            f"{where}: `sends` and `arrives` differ in length", fix="one value each, in order"
        )
    return row


def _listed(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"{dialect}.{name}" for dialect, name in pairs)
