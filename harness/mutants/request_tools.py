"""Gateways that change tools, tool calls or their results."""

from __future__ import annotations

import json
from typing import Any

from harness.contract.references import inlined
from harness.mutants.registry import Sent, Stage, mutant
from harness.mutants.sent_parts import (
    blocks,
    called,
    declared,
    fields,
    forget,
    keep,
    results,
    schema_of,
    spoken,
    walk,
)


@mutant(Stage.UPSTREAM)
def strict_dropped(sent: Sent) -> None:
    """strict is taken off tools."""
    for function in declared(sent):
        function.pop("strict", None)


@mutant(Stage.UPSTREAM)
def additional_properties_dropped(sent: Sent) -> None:
    """additionalProperties is taken out of the schemas of tools."""
    for function in declared(sent):
        forget(schema_of(function), "additionalProperties")


@mutant(Stage.UPSTREAM)
def references_inlined(sent: Sent) -> None:
    """The definitions of a tool's schema are resolved away."""
    for function in declared(sent):
        if isinstance(function.get("parameters"), dict):
            function["parameters"] = inlined(function["parameters"])


@mutant(Stage.UPSTREAM)
def parameters_filled_in(sent: Sent) -> None:
    """A tool without parameters gets an empty schema."""
    for function in declared(sent):
        function.setdefault("parameters", {"type": "object", "properties": {}})


@mutant(Stage.UPSTREAM)
def schema_nulls_dropped(sent: Sent) -> None:
    """Keywords of a schema whose value is null are dropped."""
    for function in declared(sent):
        for place in walk(schema_of(function)):
            for key in [key for key, value in place.items() if value is None]:
                del place[key]


@mutant(Stage.UPSTREAM)
def custom_tools_dropped(sent: Sent) -> None:
    """Custom tools are dropped on the way to the provider."""
    if "tools" in fields(sent):
        sent.body["tools"] = [t for t in sent.body["tools"] if t.get("type") != "custom"]


@mutant(Stage.REQUEST)
def custom_tools_dropped_early(sent: Sent) -> None:
    """Custom tools are dropped in silence, whatever the provider."""
    if "tools" in fields(sent):
        sent.body["tools"] = [t for t in sent.body["tools"] if t.get("type") != "custom"]


@mutant(Stage.UPSTREAM)
def tool_descriptions_trimmed(sent: Sent) -> None:
    """White space around the descriptions of tools is taken off."""
    for function in declared(sent):
        if function.get("description"):
            function["description"] = function["description"].strip()


@mutant(Stage.UPSTREAM)
def required_dropped(sent: Sent) -> None:
    """No parameter of a tool is required any more."""
    for function in declared(sent):
        schema_of(function).pop("required", None)


@mutant(Stage.UPSTREAM)
def enums_dropped(sent: Sent) -> None:
    """Enumerations are taken out of the schemas of tools."""
    for function in declared(sent):
        forget(schema_of(function), "enum")


@mutant(Stage.UPSTREAM)
def tools_without_parameters_dropped(sent: Sent) -> None:
    """Tools without parameters are dropped."""
    for tool in fields(sent).get("tools") or []:
        if "function_declarations" in tool:
            tool["function_declarations"] = _with_parameters(tool["function_declarations"])
    if "contents" not in fields(sent) and "tools" in fields(sent):
        sent.body["tools"] = _with_parameters(sent.body["tools"])


def _with_parameters(functions: list[Any]) -> list[Any]:
    return [function for function in functions if schema_of(function).get("properties")]


@mutant(Stage.UPSTREAM)
def many_tools_cut(sent: Sent) -> None:
    """Only the first 32 tools are sent."""
    for tool in fields(sent).get("tools") or []:
        if "function_declarations" in tool:
            del tool["function_declarations"][32:]
    del (fields(sent).get("tools") or [])[32:]


@mutant(Stage.UPSTREAM)
def tools_sorted(sent: Sent) -> None:
    """Tools are sent in the order of their names."""
    for tool in fields(sent).get("tools") or []:
        if "function_declarations" in tool:
            tool["function_declarations"].sort(key=lambda function: function["name"])
    (fields(sent).get("tools") or []).sort(
        key=lambda tool: str((tool.get("function") or tool).get("name"))
    )


@mutant(Stage.UPSTREAM)
def tool_choice_added(sent: Sent) -> None:
    """A tool choice is sent though the client made none."""
    if "tools" in fields(sent):
        auto = {"functionCallingConfig": {"mode": "AUTO"}}
        key, value = (
            ("toolConfig", auto) if "contents" in sent.body else ("tool_choice", {"type": "auto"})
        )
        sent.body.setdefault(key, value)


@mutant(Stage.REQUEST)
def tool_choice_always_auto(sent: Sent) -> None:
    """Every tool choice becomes auto."""
    if "tool_choice" in fields(sent):
        sent.body["tool_choice"] = "auto"


@mutant(Stage.REQUEST)
def tool_choice_name_dropped(sent: Sent) -> None:
    """A named tool becomes any tool."""
    if isinstance(fields(sent).get("tool_choice"), dict):
        sent.body["tool_choice"] = "required"


@mutant(Stage.REQUEST)
def parallel_tool_calls_dropped(sent: Sent) -> None:
    """parallel_tool_calls is dropped."""
    fields(sent).pop("parallel_tool_calls", None)


def _tie(result: dict[str, Any]) -> str:
    return next(key for key in ("tool_call_id", "tool_use_id", "name") if key in result)


@mutant(Stage.UPSTREAM)
def result_ids_swapped(sent: Sent) -> None:
    """The results of two calls are taken for each other's."""
    found = results(sent)
    if len(found) == 2:
        first, second = found
        key = _tie(first)
        first[key], second[key] = second[key], first[key]


@mutant(Stage.REQUEST)
def second_result_dropped(sent: Sent) -> None:
    """Of several tool results only the first is sent."""
    messages = spoken(sent)
    first = next((m for m in messages if m.get("role") == "tool"), None)
    keep(sent, [m for m in messages if m.get("role") != "tool" or m is first])


@mutant(Stage.REQUEST)
def empty_results_dropped(sent: Sent) -> None:
    """A tool result that is empty is dropped."""
    keep(sent, [m for m in spoken(sent) if m.get("role") != "tool" or m.get("content")])


@mutant(Stage.REQUEST)
def result_parts_cut(sent: Sent) -> None:
    """Of a tool result in parts only the first part is sent."""
    for result in results(sent):
        if isinstance(result.get("content"), list):
            del result["content"][1:]


@mutant(Stage.UPSTREAM)
def results_in_messages_of_their_own(sent: Sent) -> None:
    """At Anthropic each tool result is a message of its own."""
    split: list[Any] = []
    for message in spoken(sent):
        parts = blocks(message)
        if any(part.get("type") == "tool_result" for part in parts):
            split += [{"role": "user", "content": [part]} for part in parts]
        else:
            split.append(message)
    keep(sent, split)


@mutant(Stage.UPSTREAM)
def text_before_results(sent: Sent) -> None:
    """What the user says after tool results is put before them."""
    for message in spoken(sent):
        blocks(message).sort(key=lambda part: part.get("type") == "tool_result")


@mutant(Stage.REQUEST)
def text_beside_calls_dropped(sent: Sent) -> None:
    """What the assistant says beside a tool call is dropped."""
    for message in spoken(sent):
        if message.get("tool_calls"):
            message["content"] = None


@mutant(Stage.REQUEST)
def text_invented_beside_calls(sent: Sent) -> None:
    """An assistant that only calls tools is made to say something."""
    for message in spoken(sent):
        if message.get("tool_calls") and not message.get("content"):
            message["content"] = "(no content)"


@mutant(Stage.UPSTREAM)
def arguments_rewritten(sent: Sent) -> None:
    """Arguments are parsed and written again on their way to OpenAI."""
    for call in called(sent):
        function = call.get("function", {})
        if function.get("arguments"):
            function["arguments"] = json.dumps(json.loads(function["arguments"]))


@mutant(Stage.UPSTREAM)
def argument_values_as_text(sent: Sent) -> None:
    """The values of arguments arrive as text at providers that take an object."""
    for call in called(sent):
        for key in call.keys() & {"input", "args"}:
            call[key] = {name: str(value) for name, value in call[key].items()}


@mutant(Stage.UPSTREAM)
def call_ids_forgotten(sent: Sent) -> None:
    """Calls and results get new ids."""
    for n, call in enumerate(called(sent)):
        call["id"] = f"call_new_{n}"
    for n, result in enumerate(results(sent)):
        result[_tie(result)] = f"call_new_{n}"
