"""Gateways that change the format that the client wants the answer in."""

from __future__ import annotations

from harness.contract.references import inlined
from harness.mutants.registry import Sent, Stage, mutant
from harness.mutants.sent_parts import fields, forget, output_schema, walk


@mutant(Stage.UPSTREAM)
def format_strict_dropped(sent: Sent) -> None:
    """strict is taken off the format of the answer."""
    wanted = fields(sent).get("response_format") or {}
    wanted.get("json_schema", {}).pop("strict", None)


@mutant(Stage.UPSTREAM)
def json_schema_weakened(sent: Sent) -> None:
    """A schema for the answer becomes a wish for any JSON."""
    if (fields(sent).get("response_format") or {}).get("type") == "json_schema":
        sent.body["response_format"] = {"type": "json_object"}


@mutant(Stage.UPSTREAM)
def format_references_inlined(sent: Sent) -> None:
    """The definitions of the answer's schema are resolved away."""
    wanted = (fields(sent).get("response_format") or {}).get("json_schema") or {}
    if "schema" in wanted:
        wanted["schema"] = inlined(wanted["schema"])


@mutant(Stage.UPSTREAM)
def output_schema_required_dropped(sent: Sent) -> None:
    """Nothing in the answer is required any more."""
    forget(output_schema(sent), "required")


@mutant(Stage.UPSTREAM)
def output_schema_descriptions_trimmed(sent: Sent) -> None:
    """White space around descriptions in the answer's schema is taken off."""
    for place in walk(output_schema(sent)):
        if isinstance(place.get("description"), str):
            place["description"] = place["description"].strip()


@mutant(Stage.UPSTREAM)
def output_schema_dropped_for_tools(sent: Sent) -> None:
    """Where there are tools the answer needs no schema."""
    if "tools" in fields(sent):
        sent.body.pop("output_format", None)
        (sent.body.get("generationConfig") or {}).pop("response_json_schema", None)


@mutant(Stage.UPSTREAM)
def forced_tool_let_go(sent: Sent) -> None:
    """The tool that stands for the answer's schema is not forced."""
    if "tool_choice" in fields(sent):
        sent.body["tool_choice"] = {"type": "auto"}


@mutant(Stage.REQUEST)
def json_mode_dropped(sent: Sent) -> None:
    """A wish for JSON is dropped in silence."""
    if (fields(sent).get("response_format") or {}).get("type") == "json_object":
        del sent.body["response_format"]
