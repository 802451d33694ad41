"""Judge (a): the published OpenAI schema, corrected by the errata.

Source: https://github.com/openai/openai-openapi at the commit named in ``openai_chat.json``.
The schema allows unknown fields everywhere, so additions of a vendor are never violations.
"""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from harness.contract import errata
from harness.contract.explain import explain
from harness.contract.walk import Schema


class Kind(StrEnum):
    """What a document claims to be. The value is the name of its schema."""

    REQUEST = "CreateChatCompletionRequest"
    COMPLETION = "CreateChatCompletionResponse"
    CHUNK = "CreateChatCompletionStreamResponse"
    ERROR = "ErrorResponse"


@cache
def schemas() -> dict[str, Schema]:
    """The chat contract with the errata applied: name to schema, ``$ref`` as ``#/schemas/NAME``.

    Shared: do not alter.

    Raises:
        HarnessError: an erratum no longer fits the vendored schema.
    """
    text = files("harness.contract").joinpath("openai_chat.json").read_text("utf-8")
    return errata.apply(json.loads(text)["schemas"], errata.load())


def violations(kind: Kind, document: Any) -> list[str]:
    """What the contract finds wrong with a parsed JSON document; empty when nothing.

    One line each, ``choices.0.message: 'refusal' is a required property``, in an order that
    depends on the document's shape alone, without values that change from run to run.

    Raises:
        HarnessError: as ``schemas``.
    """
    return list(explain(_validator(kind).iter_errors(document)))


def violations_of_completion(document: Any) -> list[str]:
    """``violations`` of the body of a chat completion that is not streamed."""
    return violations(Kind.COMPLETION, document)


def violations_of_chunk(document: Any) -> list[str]:
    """``violations`` of the data of one streamed event, ``[DONE]`` excepted."""
    return violations(Kind.CHUNK, document)


def violations_of_error(document: Any) -> list[str]:
    """``violations`` of the body of an answer with a 4xx or 5xx status."""
    return violations(Kind.ERROR, document)


@cache
def _validator(kind: Kind) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/schemas/{kind}", "schemas": schemas()})
