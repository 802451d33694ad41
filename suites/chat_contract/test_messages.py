"""The conversation on its way to the provider.

OpenAI: https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
Anthropic: https://docs.anthropic.com/en/api/messages
Gemini: https://ai.google.dev/api/caching#Content
"""

import pytest

from harness.cases.heard import body, expect_conversation, expect_messages, expect_settings
from harness.cases.marks import both_modes, deployment, dialects, requirement
from harness.contract.conversation import arrived
from harness.upstream.script import fails, says
from harness.verdicts import Wire
from harness.wire.expect import Like, one_of, require

A_4XX = Like("a status 4xx", lambda seen: 400 <= seen < 500)
DATA_URL = "data:image/png;base64,iVBORw0KGgo="


def user(content, **keys):
    return {"role": "user", "content": content, **keys}


def assistant(content, **keys):
    return {"role": "assistant", "content": content, **keys}


def system(content, role="system"):
    return {"role": role, "content": content}


def text(value):
    return {"type": "text", "text": value}


TURNS = {
    "several": [user("U1"), assistant("A1"), user("U2"), assistant("A2"), user("U3")],
    "same-role-twice": [user("U1"), user("U2"), assistant("A1"), assistant("A2"), user("U3")],
    "same-text-twice": [user("U"), assistant("A"), user("U"), assistant("A"), user("U")],
    "assistant-last": [user("U1"), assistant("The answer is")],
    "text-parts": [user([text("a"), text("b ")]), assistant([text("c")]), user("U")],
    "empty-user": [user("U1"), assistant("A1"), user("")],
    "empty-assistant": [user("U1"), assistant(""), user("U2")],
    "image": [user([text("What is it?"), {"type": "image_url", "image_url": {"url": DATA_URL}}])],
}
SYSTEMS = {
    "one": [system("S"), user("U")],
    "with-turns": [system("S"), user("U1"), assistant("A1"), user("U2")],
    "two": [system("S1 "), system("S2"), user("U")],
    "parts": [system([text("a"), text("b")]), user("U")],
}
LATE = [user("U1"), assistant("A1"), system("A later rule."), user("U2")]
OPENAI_ONLY = {
    "name": [system("S"), user("U", name="ann"), assistant("A", name="bob"), user("V", name="eve")],
    "assistant-first": [assistant("A"), user("U")],
    "refusal": [user("U1"), assistant(None, refusal="No."), user("U2")],
    "refusal-part": [user("U1"), assistant([{"type": "refusal", "refusal": "No."}]), user("U2")],
    "image-detail": [
        user([{"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}}, text("?")])
    ],
    "function": [
        user("U"),
        assistant(None, function_call={"name": "f", "arguments": '{"x": 1}'}),
        {"role": "function", "name": "f", "content": "R"},
    ],
}
EXACT = {**TURNS, **SYSTEMS, "system-later": LATE, **OPENAI_ONLY}
TEXTS = {
    "white-space": "  two  \n\n\tlines \r\n ",
    "beyond-bmp": "🦜 🦜 👩‍👩‍👧 e\u0301 é \u202eabc ﷽",
    "controls": "\u0000\u0001\u0007\u001f\u007f\u0085\u2028\u2029\ufeff",
    "looks-like-json": '{"role": "system", "content": "\\n"}',
    "looks-like-markup": "<|im_start|>system\n\nHuman: &lt;b> {{x}} %s ${y} \\u0041",
}


@requirement("chat.messages.exact")
@both_modes()
@pytest.mark.parametrize("name", EXACT)
def test_messages_arrive_exactly_at_openai(case, name):
    case.upstream.will(says())
    case.ask(EXACT[name])
    expect_messages(case, EXACT[name])
    expect_settings(case, {})


@requirement("chat.messages.turns")
@dialects("anthropic", "gemini")
@both_modes()
@pytest.mark.parametrize("name", TURNS)
def test_turns_arrive_in_order(case, name):
    case.upstream.will(says())
    case.ask(TURNS[name])
    expect_conversation(case, TURNS[name])
    expect_settings(case, {})


@requirement("chat.messages.system")
@dialects("anthropic", "gemini")
@both_modes()
@pytest.mark.parametrize("name", SYSTEMS)
def test_system_prompt_arrives_in_its_place(case, name):
    case.upstream.will(says())
    case.ask(SYSTEMS[name])
    expect_conversation(case, SYSTEMS[name])


@requirement("chat.messages.system-late")
@dialects("anthropic", "gemini")
@both_modes()
def test_later_system_prompt_is_not_lost(case):
    case.upstream.will(says())
    case.ask(LATE)
    seen = arrived(case.dialect, body(case))
    texts = [*seen.system, *(str(part.value) for turn in seen.turns for part in turn.parts)]
    order = [text for text in texts if text in ("U1", "A1", "U2")]
    rule = sum(text.count("A later rule.") for text in texts)
    require(Wire.UPSTREAM, {"turns": (["U1", "A1", "U2"], order), "times the rule": (1, rule)})


@requirement("chat.messages.system-late-plain")
@dialects("anthropic", "gemini")
@both_modes()
def test_later_system_prompt_stays_an_instruction(case):
    case.upstream.will(says())
    case.ask(LATE)
    expect_conversation(case, LATE)


@requirement("chat.messages.developer")
@dialects()
@both_modes()
def test_developer_prompt_arrives_as_an_instruction(case):
    case.upstream.will(says())
    messages = [system("Ünï D", role="developer"), user("U")]
    case.ask(messages)
    expect_conversation(case, messages)
    if case.dialect == "openai":
        role = one_of("developer", "system")
        case.upstream.request.expect({"messages.0.role": role, "messages.0.content": "Ünï D"})


@requirement("chat.messages.developer-role")
@both_modes()
def test_developer_role_is_kept(case):
    case.upstream.will(says())
    case.ask([system("D", role="developer"), user("U")])
    case.upstream.request.expect({"messages.0.role": "developer"})


@requirement("chat.messages.developer-reasoning")
@both_modes()
@deployment(model="openai/o3")
def test_developer_role_is_kept_for_reasoning_models(case):
    case.upstream.will(says())
    messages = [system("D", role="developer"), user("U")]
    case.ask(messages)
    expect_messages(case, messages)


@requirement("chat.messages.text")
@dialects()
@both_modes()
@pytest.mark.parametrize("value", TEXTS.values(), ids=list(TEXTS))
def test_text_arrives_exactly(case, value):
    case.upstream.will(says())
    messages = [
        system(f"S{value}"),
        user(f"U{value}"),
        assistant(f"A{value}."),
        user([text(value)]),
    ]
    case.ask(messages)
    expect_conversation(case, messages)


@requirement("chat.messages.long")
@dialects()
@both_modes()
def test_long_text_arrives_whole(case):
    case.upstream.will(says())
    messages = [user("".join(f"{n:07d} " for n in range(1 << 17)) + "end")]
    case.ask(messages)
    expect_conversation(case, messages)


@requirement("chat.messages.many")
@dialects()
@both_modes()
def test_long_conversation_arrives_whole(case):
    case.upstream.will(says())
    pairs = [(user(f"question {n}"), assistant(f"answer {n}")) for n in range(100)]
    messages = [system("S"), *(message for pair in pairs for message in pair), user("last")]
    case.ask(messages)
    expect_conversation(case, messages)
    if case.dialect == "openai":
        expect_messages(case, messages)


@requirement("chat.messages.refusal")
@dialects("anthropic", "gemini")
@both_modes()
def test_refusal_of_an_earlier_turn_is_not_lost(case):
    case.upstream.will(says())
    case.ask([user("U1"), assistant(None, refusal="I will not."), user("U2")])
    turns = str(body(case).get("messages") or body(case).get("contents"))
    require(Wire.UPSTREAM, {"refusal in the conversation": (True, "I will not." in turns)})


@requirement("chat.messages.invalid")
@dialects()
@both_modes()
@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "wizard", "content": "U"}],
        [
            user("U"),
            assistant(
                None,
                tool_calls=[
                    {
                        "id": "call_a",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"x": tru'},
                    }
                ],
            ),
            {"role": "tool", "tool_call_id": "call_a", "content": "R"},
        ],
    ],
    ids=["unknown-role", "broken-arguments"],
)
def test_what_the_provider_cannot_be_told_is_the_clients_error(case, messages):
    case.upstream.always(lambda _: fails(400, "The scripted provider does not take this."))
    answer = case.ask(messages)
    require(Wire.CLIENT, {"status": (A_4XX, answer.status)})
