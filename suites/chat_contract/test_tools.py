"""Tools as they are declared and chosen: https://platform.openai.com/docs/guides/function-calling

Anthropic: https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use
Gemini: https://ai.google.dev/api/caching#FunctionDeclaration
"""

import pytest

from harness.cases.heard import body, expect_settings, settings
from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import ToolCall, calls, says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import ABSENT, absent_or, one_of, require

pytestmark = both_modes()

PLAIN = {"type": "object", "properties": {"x": {"type": "string"}}}
DEEP = {
    "type": "object",
    "title": "Ünï",
    "description": "  Deep\n🦜 ",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value"],
            "additionalProperties": False,
        },
    },
    "properties": {
        "node": {"$ref": "#/$defs/node"},
        "one": {"enum": ["a", 1, None, True]},
        "fixed": {"const": "🦜"},
        "text": {"type": ["string", "null"], "default": None, "minLength": 0, "pattern": "^a+$"},
        "list": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "oneOf": [
                    {"type": "number", "exclusiveMinimum": 0.1, "multipleOf": 1e-7},
                    {"type": "object", "additionalProperties": {"type": "string"}},
                ]
            },
        },
        "free": {"type": "object", "properties": {}, "additionalProperties": True},
        "all": {"allOf": [{"type": "object"}, {"not": {"required": ["z"]}}], "examples": [{}]},
        "type": {"type": "string", "format": "date-time"},
        "strict": {},
    },
    "required": ["node", "type"],
    "additionalProperties": False,
}
# Only what Gemini's own Schema object has: https://ai.google.dev/api/caching#Schema
GEMINI_DEEP = {
    "type": "object",
    "description": "  Deep\n🦜 ",
    "properties": {
        "text": {"type": "string", "description": "Ünï", "nullable": True},
        "one": {"type": "string", "enum": ["a", "b c", "🦜"]},
        "date": {"type": "string", "format": "date-time"},
        "number": {"type": "number", "minimum": 0, "maximum": 0.5},
        "list": {
            "type": "array",
            "minItems": 1,
            "maxItems": 9,
            "items": {
                "type": "object",
                "properties": {"flag": {"type": "boolean"}, "type": {"type": "integer"}},
                "required": ["flag"],
            },
        },
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    },
    "required": ["text", "list"],
}


def tool(name, parameters=PLAIN, **keys):
    function = {"name": name, **keys}
    if parameters is not None:
        function["parameters"] = parameters
    return {"type": "function", "function": function}


def declared(case):
    """Name, description and schema of every tool that the provider was told of, in order."""
    tools = body(case).get("tools") or []
    if case.dialect == "openai":
        tools = [entry.get("function", {}) for entry in tools]
    elif case.dialect == "gemini":
        tools = [one for entry in tools for one in entry.get("functionDeclarations", [])]
    keys = ("parameters", "input_schema", "parametersJsonSchema")
    return [
        {
            "name": entry.get("name"),
            "description": entry.get("description"),
            "schema": lower_types(next((entry[key] for key in keys if key in entry), None)),
        }
        for entry in tools
    ]


def lower_types(schema):
    """A schema with the names of types in lower case: Gemini's API takes either."""
    if isinstance(schema, list):
        return [lower_types(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.lower() if key == "type" and isinstance(value, str) else lower_types(value)
        for key, value in schema.items()
    }


def chosen(mode, name=None):
    """The settings by which each provider is told of a choice among tools."""
    anthropic = {"auto": "auto", "none": "none", "required": "any", "named": "tool"}[mode]
    gemini = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}[mode]
    only = {"allowedFunctionNames": [name]} if name else {}
    return {
        "anthropic": {"tool_choice": {"type": anthropic, **({"name": name} if name else {})}},
        "gemini": {"toolConfig": {"functionCallingConfig": {"mode": gemini, **only}}},
    }


@requirement("chat.tools.exact")
@pytest.mark.parametrize(
    "tools",
    [
        [tool("f", DEEP, description="  Ünï\n🦜 ", strict=True)],
        [tool("f", strict=False)],
        [tool("f", None)],
        [tool("f", {"type": "object", "properties": {}}), tool("g", {}), tool("h", description="")],
        [],
        [
            {
                "type": "custom",
                "custom": {
                    "name": "c",
                    "description": "d",
                    "format": {
                        "type": "grammar",
                        "grammar": {"syntax": "regex", "definition": "a+\\n"},
                    },
                },
            }
        ],
    ],
    ids=["deep", "not-strict", "no-parameters", "empty-parameters", "none", "custom"],
)
def test_tools_arrive_exactly_at_openai(case, tools):
    case.upstream.will(says())
    case.ask(tools=tools)
    expect_settings(case, {"tools": tools})


@requirement("chat.tools.schema")
@pytest.mark.parametrize(
    ("dialect", "schema"),
    [("anthropic", DEEP), ("gemini", GEMINI_DEEP)],
    ids=["anthropic", "gemini"],
)
def test_schema_arrives_whole(case, schema):
    case.upstream.will(says())
    case.ask(tools=[tool("f", schema, description="  Ünï\n🦜 ")])
    wanted = [{"name": "f", "description": "  Ünï\n🦜 ", "schema": schema}]
    require(Wire.UPSTREAM, {"tools": (len(wanted), len(declared(case)))})
    seen = declared(case)[0]
    facts = {key: (wanted[0][key], seen[key]) for key in ("name", "description")}
    for key in {**schema, **(seen["schema"] or {})}:
        facts[f"schema.{key}"] = (schema.get(key, ABSENT), (seen["schema"] or {}).get(key, ABSENT))
    properties = dig(seen["schema"], "properties")
    if isinstance(properties, dict):
        del facts["schema.properties"]
        for name in {**schema["properties"], **properties}:
            pair = (schema["properties"].get(name, ABSENT), properties.get(name, ABSENT))
            facts[f"schema of {name}"] = pair
    require(Wire.UPSTREAM, facts)


@requirement("chat.tools.no-parameters")
@dialects("anthropic", "gemini")
@pytest.mark.parametrize(
    "parameters", [None, {"type": "object", "properties": {}}], ids=["left-out", "empty"]
)
def test_tool_without_parameters_is_a_tool_without_parameters(case, parameters):
    case.upstream.will(says())
    case.ask(tools=[tool("f", parameters), tool("g")])
    nothing = one_of({"type": "object"}, {"type": "object", "properties": {}})
    if case.dialect == "gemini":
        nothing = one_of({"type": "object"}, {"type": "object", "properties": {}}, None)
    wanted = [
        {"name": "f", "description": None, "schema": nothing},
        {"name": "g", "description": None, "schema": PLAIN},
    ]
    require(Wire.UPSTREAM, {"tools": (wanted, declared(case))})


@requirement("chat.tools.many")
@dialects()
def test_many_tools_arrive_in_order(case):
    case.upstream.will(says())
    tools = [tool(f"tool_{n}", description=f"Tool {n}.") for n in range(64)]
    case.ask(tools=tools)
    wanted = [
        {"name": f"tool_{n}", "description": f"Tool {n}.", "schema": PLAIN} for n in range(64)
    ]
    seen = declared(case)
    require(Wire.UPSTREAM, {"names": ([w["name"] for w in wanted], [s["name"] for s in seen])})
    require(Wire.UPSTREAM, {"tools": (wanted, seen)})


@requirement("chat.tools.nothing-else")
@dialects("anthropic", "gemini")
def test_tools_bring_nothing_else_with_them(case):
    case.upstream.will(says())
    case.ask(tools=[tool("f")])
    expect_settings(case, {"tools": settings(case).get("tools")})


@requirement("chat.tools.choice")
@dialects()
@pytest.mark.parametrize("mode", ["auto", "none", "required", "named"])
def test_tool_choice_arrives(case, mode):
    case.upstream.will(says())
    named = {"type": "function", "function": {"name": "g"}}
    choice, tools = named if mode == "named" else mode, [tool("f"), tool("g")]
    case.ask(tools=tools, tool_choice=choice)
    wanted = chosen(mode, "g" if mode == "named" else None).get(
        case.dialect, {"tool_choice": choice}
    )
    expect_settings(case, {"tools": settings(case).get("tools"), **wanted})
    require(Wire.UPSTREAM, {"tools": (["f", "g"], [one["name"] for one in declared(case)])})


@requirement("chat.tools.choice")
@pytest.mark.parametrize(
    "choice",
    [
        {
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "auto",
                "tools": [{"type": "function", "function": {"name": "g"}}],
            },
        },
        {"type": "custom", "custom": {"name": "c"}},
    ],
    ids=["allowed-tools", "custom"],
)
def test_further_tool_choices_arrive_at_openai(case, choice):
    case.upstream.always(lambda _: says())
    tools = [tool("f"), tool("g"), {"type": "custom", "custom": {"name": "c"}}]
    answer = case.ask(tools=tools, tool_choice=choice)
    require(Wire.CLIENT, {"status": (200, answer.status)})
    expect_settings(case, {"tools": tools, "tool_choice": choice})


@requirement("chat.tools.parallel")
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "forbidden"])
def test_parallel_tool_calls_arrives(case, allowed):
    case.upstream.will(says())
    case.ask(tools=[tool("f")], parallel_tool_calls=allowed)
    if case.dialect == "openai":
        expect_settings(case, {"tools": [tool("f")], "parallel_tool_calls": allowed})
    else:
        forbidden = dig(body(case), "tool_choice.disable_parallel_tool_use")
        wanted = absent_or(False) if allowed else True
        require(Wire.UPSTREAM, {"tool_choice.disable_parallel_tool_use": (wanted, forbidden)})
        if not allowed:
            case.upstream.request.expect({"tool_choice.type": "auto"})


@requirement("chat.tools.parallel")
@dialects("anthropic")
def test_parallel_tool_calls_goes_with_a_choice(case):
    case.upstream.will(says())
    case.ask(tools=[tool("f")], parallel_tool_calls=False, tool_choice="required")
    wanted = {"type": "any", "disable_parallel_tool_use": True}
    case.upstream.request.expect({"tool_choice": wanted})


@requirement("chat.tools.parallel-refused")
@dialects("gemini")
def test_parallel_tool_calls_is_not_lost_where_the_provider_has_no_such_switch(case):
    case.upstream.always(lambda _: calls(ToolCall("f")))
    answer = case.ask(tools=[tool("f")], parallel_tool_calls=False)
    require(Wire.CLIENT, {"status": (400, answer.status)})


@requirement("chat.tools.custom")
@dialects("anthropic", "gemini")
@pytest.mark.parametrize("also", [False, True], ids=["alone", "beside-a-function"])
def test_custom_tool_is_not_lost_where_the_provider_has_none(case, also):
    case.upstream.always(lambda _: says())
    custom = {"type": "custom", "custom": {"name": "c", "description": "d"}}
    answer = case.ask(tools=[custom, *([tool("f")] if also else [])])
    if answer.status == 200:
        require(Wire.UPSTREAM, {"c is a tool": (True, "c" in [o["name"] for o in declared(case)])})
    require(Wire.CLIENT, {"status": (one_of(200, 400), answer.status)})
