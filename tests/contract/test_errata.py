"""Errata correct the schema as long as it is wrong, and trip when it no longer is."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from harness.contract.errata import Erratum, apply, load, parse
from harness.verdicts import HarnessError


def vendored():
    text = files("harness.contract").joinpath("openai_chat.json").read_text("utf-8")
    return json.loads(text)["schemas"]


def erratum(patch, **more):
    return Erratum(id="row", patch=patch, reason="because", link="https://example.org", **more)


def accepts(schema, value, schemas=None):
    return Draft202012Validator({**schema, "schemas": schemas or {}}).is_valid(value)


def test_the_shipped_errata_fit_the_vendored_schema():
    before = vendored()
    after = apply(before, load())
    assert before == vendored()  # a copy was patched
    assert '"nullable"' not in json.dumps(after)
    choice = after["CreateChatCompletionResponse"]["properties"]["choices"]["items"]
    assert choice["required"] == ["finish_reason", "index", "message"]


@pytest.mark.parametrize("row", load(), ids=lambda row: row.id)
def test_every_shipped_erratum_trips_once_upstream_has_mended_it(row):
    mended = apply(vendored(), load())
    with pytest.raises(HarnessError, match=row.id) as caught:
        apply(mended, [row])
    assert f"remove the row {row.id!r}" in caught.value.fix
    assert row.link in caught.value.detail


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "nullable": True},
        {"enum": ["a"], "nullable": True},
        {"$ref": "#/schemas/Other", "nullable": True},
        {"oneOf": [{"type": "string"}], "nullable": True},
    ],
)
def test_nullable_becomes_a_union_with_null(schema):
    other = {"Other": {"type": "string"}}
    after = apply({"A": {"properties": {"x": schema}}, **other}, [erratum("nullable is a union")])
    assert accepts(after["A"], {"x": None}, other)
    assert accepts(after["A"], {"x": "a"}, other)
    assert not accepts(after["A"], {"x": 1}, other)


def test_a_property_that_is_called_nullable_is_not_a_keyword():
    schemas = {"A": {"properties": {"nullable": {"type": "boolean", "nullable": True}}}}
    after = apply(schemas, [erratum("nullable is a union")])
    assert accepts(after["A"], {"nullable": None})
    assert not accepts(after["A"], {"nullable": "yes"})


def test_nullable_false_forbids_null():
    schemas = {"A": {"type": "string", "nullable": False}, "B": {"type": "string"}}
    with pytest.raises(HarnessError, match="no longer changes anything"):
        apply(schemas, [erratum("nullable is a union")])


@pytest.mark.parametrize(
    "mended",
    [
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"$ref": "#/schemas/MaybeText"},
        {},
    ],
)
def test_accept_null_trips_however_upstream_has_mended_it(mended):
    schemas = {"A": {"properties": {"x": mended}}, "MaybeText": {"type": ["string", "null"]}}
    with pytest.raises(HarnessError, match="no longer changes anything at A/properties/x"):
        apply(schemas, [erratum("accept null", schema="A", at="/properties/x")])


@pytest.mark.parametrize(
    ("schema", "at"),
    [("Gone", ""), ("A", "/properties/gone"), ("A", "/type/0"), ("A", "/anyOf/7")],
)
@pytest.mark.parametrize("patch", ["accept null", "not required"])
def test_a_target_that_is_gone_trips(schema, at, patch):
    schemas = {"A": {"type": "object", "anyOf": [{}], "properties": {}}}
    with pytest.raises(HarnessError, match="row no longer changes anything") as caught:
        apply(schemas, [erratum(patch, schema=schema, at=at, property="x")])
    assert "correct its `schema` and `at`" in caught.value.fix


def test_a_pointer_reaches_into_lists():
    schemas = {"A": {"anyOf": [{"type": "string"}, {"required": ["a/b", "c"]}]}}
    after = apply(schemas, [erratum("not required", schema="A", at="/anyOf/1", property="a/b")])
    assert after["A"]["anyOf"][1] == {"required": ["c"]}


def test_an_unknown_patch_is_refused():
    with pytest.raises(HarnessError, match="no patch is called 'drop'") as caught:
        apply({}, [erratum("drop")])
    assert "accept null" in caught.value.fix


@pytest.mark.parametrize("text", ["[[erratum]", '[[erratum]]\nid = "a"', '[[erratum]]\nwhy = "a"'])
def test_an_unreadable_row_is_refused(text):
    with pytest.raises(HarnessError, match="errata of the OpenAI schema cannot be read"):
        parse(text)
