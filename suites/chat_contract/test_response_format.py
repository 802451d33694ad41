"""``response_format``: https://platform.openai.com/docs/guides/structured-outputs

LiteLLM: https://docs.litellm.ai/docs/completion/json_mode
"""

import pytest

from harness.cases.heard import body, expect_settings
from harness.cases.marks import both_modes, deployment, dialects, requirement
from harness.contract.references import inlined, nullable
from harness.upstream.script import says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import ABSENT, Like, absent_or, require

pytestmark = both_modes()

# Only what Anthropic's structured outputs take, which the others take too:
# https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs#json-schema-limitations
FLAT = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "  Ünï\n🦜 "},
        "kind": {"type": "string", "enum": ["a", "b c", "🦜"]},
        "count": {"type": "integer"},
        "maybe": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "list": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "flag": {"type": "boolean"},
                    "type": {"type": "string", "const": "x"},
                },
                "required": ["flag", "type"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["name", "kind", "count", "maybe", "list"],
    "additionalProperties": False,
}
SHARED = {
    "type": "object",
    "$defs": {
        "point": {
            "type": "object",
            "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
            "required": ["x", "y"],
            "additionalProperties": False,
        }
    },
    "properties": {"from": {"$ref": "#/$defs/point"}, "to": {"$ref": "#/$defs/point"}},
    "required": ["from", "to"],
    "additionalProperties": False,
}
WILD = {
    **SHARED,
    "properties": {
        **SHARED["properties"],
        "map": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0.1}},
        "any": {},
        "one": {"oneOf": [{"enum": [1, None, "🦜"]}, {"type": "string", "pattern": "^a\\d$"}]},
    },
}
SCHEMAS = {"flat": FLAT, "shared-definitions": SHARED}


def schema_format(schema, **keys):
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, **keys}}


def demanded(case):
    """The schema that the provider was told to answer by, in one way of writing."""
    places = {
        "anthropic": ("output_format.schema", "output_config.format.schema"),
        "gemini": ("generationConfig.responseJsonSchema", "generationConfig.responseSchema"),
    }[case.dialect]
    found = [dig(body(case), place) for place in places]
    return one_writing(next((s for s in found if s is not ABSENT), forced_schema(case)))


def forced_schema(case):
    """The schema of the tool that Anthropic has to use, where it stands for the answer."""
    name = dig(body(case), "tool_choice.name")
    tools = body(case).get("tools") or []
    return next((tool.get("input_schema") for tool in tools if tool.get("name") == name), None)


def one_writing(schema):
    """A schema that is equal to another that says the same."""
    return nullable(inlined(schema))


@requirement("chat.format.exact")
@pytest.mark.parametrize(
    "value",
    [
        {"type": "text"},
        {"type": "json_object"},
        schema_format(FLAT, strict=True, description="Ünï\n"),
        schema_format(SHARED, strict=False),
        schema_format(WILD),
    ],
    ids=["text", "json-object", "schema-strict", "schema-shared", "schema-wild"],
)
def test_response_format_arrives_exactly_at_openai(case, value):
    case.upstream.will(says("{}"))
    case.ask(response_format=value)
    expect_settings(case, {"response_format": value})


@requirement("chat.format.schema")
@dialects("anthropic", "gemini")
@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_arrives_whole(case, name):
    case.upstream.will(says("{}"))
    case.ask(response_format=schema_format(SCHEMAS[name], strict=True))
    require(Wire.UPSTREAM, {"schema": (one_writing(SCHEMAS[name]), demanded(case))})
    if case.dialect == "gemini":
        mime = dig(body(case), "generationConfig.responseMimeType")
        require(Wire.UPSTREAM, {"responseMimeType": ("application/json", mime)})


@requirement("chat.format.schema-with-tools")
@dialects("anthropic", "gemini")
def test_schema_and_tools_arrive_together(case):
    case.upstream.will(says("{}"))
    function = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    tools = [{"type": "function", "function": function}]
    case.ask(response_format=schema_format(FLAT, strict=True), tools=tools)
    told = str(body(case).get("tools"))
    facts = {"schema": (one_writing(FLAT), demanded(case)), "tool f": (True, "'f'" in told)}
    require(Wire.UPSTREAM, facts)


@requirement("chat.format.schema-as-tool")
@deployment(dialect="anthropic", model="anthropic/claude-3-7-sonnet-20250219")
@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_arrives_as_a_forced_tool_for_models_without_structured_outputs(case, name):
    case.upstream.will(says("{}"))
    case.ask(response_format=schema_format(SCHEMAS[name], strict=True))
    case.upstream.request.expect({"tool_choice.type": "tool"})
    schema = (one_writing(SCHEMAS[name]), one_writing(forced_schema(case)))
    require(Wire.UPSTREAM, {"schema": schema})


@requirement("chat.format.json-object")
@dialects("anthropic", "gemini")
def test_json_mode_is_not_lost(case):
    case.upstream.always(lambda _: says("{}"))
    answer = case.ask(response_format={"type": "json_object"})
    told = {k: v for k, v in body(case).items() if k not in ("messages", "contents", "model")}
    said = Like("a setting that asks for JSON", lambda seen: "json" in str(seen).lower())
    if answer.status == 200:
        require(Wire.UPSTREAM, {"settings": (said, told)})
    else:
        require(Wire.CLIENT, {"status": (400, answer.status)})


@requirement("chat.format.text")
@dialects("anthropic", "gemini")
def test_text_is_the_default(case):
    case.upstream.will(says())
    case.ask(response_format={"type": "text"})
    seen = dig(body(case), "generationConfig.responseMimeType")
    require(Wire.UPSTREAM, {"responseMimeType": (absent_or("text/plain"), seen)})
    expect_settings(
        case, {} if seen is ABSENT else {"generationConfig": {"responseMimeType": "text/plain"}}
    )
