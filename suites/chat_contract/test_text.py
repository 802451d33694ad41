"""The text of an answer: what the provider said, character for character.

Contract: https://platform.openai.com/docs/api-reference/chat/object and, for streams, the joined
deltas of https://platform.openai.com/docs/api-reference/chat-streaming
"""

import unicodedata

import pytest

from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import says
from harness.wire.expect import one_of

ASCII_LINE_ENDS = ("\n", "\r", "\r\n", "\n\r", "\v", "\f", "\n\n")
# NEL is a line end and has cases of its own.
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0x85), *range(0x86, 0xA0))]
pytestmark = [dialects(), both_modes()]


def exactly(case, text, **how):
    """The provider says ``text``; the client gets it, whole and nothing else."""
    case.upstream.will(says(text, **how))
    case.ask().expect(text=text, finish_reason="stop")


@requirement("chat.answer.text")
@pytest.mark.parametrize("text", ["Hello there.", " Two\nlines, 🦜. "], ids=["plain", "lines"])
def test_text_is_exact(case, text):
    exactly(case, text)


@requirement("chat.text.unicode")
@pytest.mark.parametrize(
    "text",
    [
        "Grüße, 世界, สวัสดี; 𝒳 𐍈 🦜 \U0010fffd 👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽 🇸🇪",
        unicodedata.normalize("NFD", "Ångström é ệ") + " vs " + "Ångström é ệ",
        "שלום \u200fabc\u200e مرحبا \u202etxet\u202c",
        "\ufdd0 \uffff \ufffd \u00ad\u200b\u2060",
        "\ufeffbom in front, and \ufeff within",
    ],
    ids=["scripts-and-emoji", "combining", "rtl", "noncharacters", "bom"],
)
def test_unicode_is_exact(case, text):
    exactly(case, text)


@requirement("chat.text.padding")
@pytest.mark.parametrize(
    "text",
    ["   a  b   c   ", "\n\n padded \t\n", "\u00a0\u3000wide\u3000\u00a0"],
    ids=["spaces", "lines", "wide"],
)
def test_white_space_around_is_kept(case, text):
    exactly(case, text)


@requirement("chat.text.blank")
@pytest.mark.parametrize("text", [" ", " \n\t "], ids=ascii)
def test_white_space_alone_is_text(case, text):
    exactly(case, text)


@requirement("chat.text.empty")
def test_no_text_stays_no_text(case):
    case.upstream.will(says(""))
    case.ask().expect(text=one_of("", None), finish_reason="stop", tool_calls=[], refusal=None)


@requirement("chat.text.newlines")
def test_line_ends_are_exact(case):
    exactly(case, "".join(f"{end}one {end} two" for end in ASCII_LINE_ENDS) + "\r")


@requirement("chat.text.newlines")
def test_each_line_end_may_be_a_piece(case):
    pieces = [piece for end in ASCII_LINE_ENDS for piece in ("one", end)]
    exactly(case, "".join(pieces), pieces=pieces)


@requirement("chat.text.unicode-newlines")
@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"], ids=["LS", "PS", "NEL"])
def test_unicode_line_ends_are_exact(case, end):
    exactly(case, f"one{end}two {end} three")


@requirement("chat.text.controls")
def test_control_characters_are_exact(case):
    exactly(case, "|".join(["start", *CONTROLS, "end"]))


@requirement("chat.text.controls")
def test_each_control_character_may_be_a_piece(case):
    exactly(case, "".join(["start", *CONTROLS, "end"]), pieces=["start", *CONTROLS, "end"])


@requirement("chat.text.look-alikes")
@pytest.mark.parametrize(
    "text",
    [
        "data: [DONE]\n\n",
        "before\n\ndata: {}\n\nevent: error\ndata: {}\n\n: comment\nid: 1\nretry: 1\n\nafter",
        '{"error": {"message": "no", "type": "server_error", "code": "500"}}',
        '{"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}',
        '{"name": "get_weather", "arguments": {}}',
    ],
    ids=["sse-done", "sse-fields", "error", "chunk", "call"],
)
def test_text_that_looks_like_the_protocol_is_text(case, text):
    exactly(case, text, pieces=[text])


@requirement("chat.text.look-alikes")
def test_marks_of_the_protocol_may_be_pieces(case):
    pieces = ["[DONE]", "null", "data: ", "[DONE]", "\n\n", '{"error":"x"}', "data: [DONE]"]
    exactly(case, "".join(pieces), pieces=pieces)


@requirement("chat.text.markup")
@pytest.mark.parametrize(
    "text",
    [
        "<b>&amp; &lt;i&gt;</b> %20 %s {} {{x}} ${y} $(z) **bold** | a | b |\n|---|---|",
        "Write <think>…</think> and <tool_call>{}</tool_call> tags.",
        '```json\n{"a": 1}\n```',
    ],
    ids=["html", "tags", "fence"],
)
def test_markup_is_not_interpreted(case, text):
    exactly(case, text)


@requirement("chat.text.special-tokens")
def test_special_tokens_of_models_are_text(case):
    tokens = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|assistant|>", "<|endoftext|>"]
    pieces = [piece for token in tokens for piece in (token, "one ", f"{token} two{token}")]
    exactly(case, "".join(pieces), pieces=pieces)


@requirement("chat.text.escapes")
@pytest.mark.parametrize(
    "text",
    [
        '\\ \\\\ \\n \\u0041 \\" \\/ C:\\new\\table "x" \'`“”‘’',
        "\\ud83d\\ude00 \\x00 \\",
    ],
    ids=["quotes", "escape-look-alikes"],
)
def test_backslashes_and_quotes_are_exact(case, text):
    exactly(case, text)


@requirement("chat.text.large")
def test_a_megabyte_is_whole(case):
    pieces = ["".join(f"{n:06x} é\n" for n in range(k, k + 4096)) for k in range(0, 1 << 17, 4096)]
    exactly(case, "".join(pieces), pieces=pieces)


@requirement("chat.text.pieces")
@pytest.mark.parametrize(
    "pieces",
    [
        list('One char 🦜 at a time: e\u0301, 👩‍👧, \n\n"q" \\ end.'),
        ["".join(f"{n:05d} " for n in range(11_000))],
        [f"{n}, " for n in range(400)],
        ["", " ", "", "\n", "", "after nothing", "", " "],
        ["same ", "same ", "same ", "other ", "same "],
    ],
    ids=["characters", "one-of-64-KB", "hundreds", "empty-and-blank", "repeated"],
)
def test_how_it_is_cut_does_not_matter(case, pieces):
    exactly(case, "".join(pieces), pieces=pieces)


@requirement("chat.text.writes")
@pytest.mark.parametrize("size", [1, 7])
def test_how_it_travels_does_not_matter(case, size):
    text = 'é𝒳👩‍👧 "\\\n\n data: 世界 '
    case.upstream.will(says(text).in_writes_of(size))
    case.ask().expect(text=text, finish_reason="stop")
