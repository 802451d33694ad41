"""Vendoring is deterministic, keeps what is normative and says what it misses."""

import json

import pytest

from harness.contract import vendor
from harness.contract.walk import rewrite
from harness.verdicts import ExitCode, HarnessError

PROSE = {"description": "prose", "example": "e", "x-oaiMeta": {"name": "n"}}


def published():
    """The OpenAPI document as upstream has it, as far as the chat contract goes."""
    ours = json.loads(vendor.TARGET.read_text("utf-8"))

    def dressed(schema):
        if "$ref" in schema:
            schema["$ref"] = schema["$ref"].replace("#/schemas/", "#/components/schemas/")
        return {**schema, **PROSE}

    schemas = {name: rewrite(schema, dressed) for name, schema in reversed(ours["schemas"].items())}
    schemas["Unrelated"] = {"type": "string", **PROSE}
    openapi = {"info": {"version": ours["version"]}, "components": {"schemas": schemas}}
    return openapi, ours["commit"]


def test_the_shipped_file_regenerates_identically():
    assert vendor.vendored(*published()) == vendor.TARGET.read_text("utf-8")


def test_the_shipped_file_names_its_source_and_licence():
    shipped = json.loads(vendor.TARGET.read_text("utf-8"))
    assert len(shipped["commit"]) == 40
    assert shipped["source"] == "https://github.com/openai/openai-openapi"
    assert "Copyright (c) OpenAI" in shipped["license"]
    assert "#/components" not in json.dumps(shipped)


def test_a_property_named_like_prose_is_kept():
    function = json.loads(vendor.vendored(*published()))["schemas"]["FunctionObject"]
    assert function["properties"]["description"] == {"type": "string"}


def test_the_command_writes_the_file(monkeypatch, tmp_path, capsys):
    shipped = vendor.TARGET.read_text("utf-8")
    openapi, commit = published()
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(openapi), "utf-8")
    target = tmp_path / "openai_chat.json"
    monkeypatch.setattr(vendor, "TARGET", target)

    assert vendor.main([str(source), commit]) == ExitCode.OK
    assert target.read_text("utf-8") == shipped
    assert "73 schemas" in capsys.readouterr().out


def test_the_command_names_an_erratum_that_upstream_has_mended(monkeypatch, tmp_path, capsys):
    openapi, commit = published()
    completion = openapi["components"]["schemas"]["CreateChatCompletionResponse"]
    completion["properties"]["system_fingerprint"] = {"type": ["string", "null"]}
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(openapi), "utf-8")
    monkeypatch.setattr(vendor, "TARGET", tmp_path / "openai_chat.json")

    assert vendor.main([str(source), commit]) == ExitCode.HARNESS_ERROR
    assert "remove the row 'completion-system-fingerprint-null'" in capsys.readouterr().err


def test_a_document_without_the_chat_contract_is_refused():
    with pytest.raises(HarnessError, match="has no schema"):
        vendor.vendored({"components": {"schemas": {}}}, "0" * 40)


def test_wrong_usage_is_said(capsys):
    assert vendor.main([]) == ExitCode.HARNESS_ERROR
    assert capsys.readouterr().err.startswith("usage:")
