"""The table of request fields: its trip-wire, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cases.marks import ALL_DIALECTS
from harness.contract.field_table import load_field_table
from harness.contract.fields import request_fields
from harness.verdicts import HarnessError

TABLE = Path(__file__).parents[2] / "suites" / "chat_contract" / "request_fields.toml"


@pytest.fixture
def copy(tmp_path):
    """The real table, with one text in it replaced by another."""

    def make(old, new):
        text = TABLE.read_text("utf-8")
        assert old in text
        for row in load_field_table(TABLE, ALL_DIALECTS):
            if row.see:
                (tmp_path / row.see).touch()
        file = tmp_path / TABLE.name
        file.write_text(text.replace(old, new, 1), "utf-8")
        return file

    return make


def test_every_field_has_a_row_for_every_dialect():
    rows = load_field_table(TABLE, ALL_DIALECTS)
    assert len(rows) == len(request_fields()) * len(ALL_DIALECTS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[gemini.seed]", "[gemini.sead]", "no row for gemini.seed"),
        ("[openai.audio]", "[azure.audio]", "no row for openai.audio"),
        ('status = "refused"', 'status = "maybe"', r"status: Input should be"),
        ('source = "drop"', 'source = "dorp"', "no source 'dorp'"),
        ('see = "test_tools.py"', 'see = "test_tolls.py"', "there is no test_tolls.py"),
        ('status = "elsewhere"', 'status = "kept"', "either `sends`"),
        ('arrives = ["web_search"]', 'arrives = ["a", "b"]', "differ in length"),
    ],
)
def test_a_mistake_is_named(copy, old, new, message):
    with pytest.raises(HarnessError, match=message):
        load_field_table(copy(old, new), ALL_DIALECTS)


def test_a_field_that_the_contract_lacks_is_named(copy):
    row = '[openai.nonsense]\nstatus = "kept"\nsends = [1]\nsource = "input"\n\n[openai.audio]'
    with pytest.raises(HarnessError, match=r"openai\.nonsense, which the contract"):
        load_field_table(copy("[openai.audio]", row), ALL_DIALECTS)
