"""Gateways that change the text of an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from harness.mutants.registry import Reply, Stage, choices, mutant, parts

TOKENS = r"</?s>|<\|[a-z_]+\|>"


def change(doc: Any, by: Callable[[str], str | None]) -> None:
    """Put what ``by`` makes of it in the place of each text."""
    for part in parts(doc):
        if part.get("content"):
            part["content"] = by(part["content"])


@mutant(Stage.ANSWER, Stage.CHUNK)
def trim_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Strips white space around the text."""
    change(doc, str.strip)


@mutant(Stage.ANSWER, Stage.CHUNK)
def text_doubled(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Says everything twice."""
    change(doc, lambda text: text + text)


@mutant(Stage.ANSWER, Stage.CHUNK)
def answer_normalised(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Puts the text into Unicode's composed form."""
    change(doc, lambda text: unicodedata.normalize("NFC", text))


@mutant(Stage.ANSWER, Stage.CHUNK)
def only_the_bmp(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Has a question mark for every character beyond the BMP."""
    change(doc, lambda text: re.sub("[^\0-\uffff]", "?", text))


@mutant(Stage.ANSWER, Stage.CHUNK)
def invisible_dropped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Drops characters that only format, such as joiners and the BOM."""
    change(doc, lambda text: "".join(c for c in text if unicodedata.category(c) != "Cf"))


@mutant(Stage.ANSWER, Stage.CHUNK)
def runs_of_blanks_collapsed(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Makes one space of several."""
    change(doc, lambda text: re.sub("[ \u00a0\u3000]+", " ", text))


@mutant(Stage.ANSWER, Stage.CHUNK)
def blank_is_no_text(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes text that is only white space for none."""
    change(doc, lambda text: text if text.strip() else None)


@mutant(Stage.ANSWER, Stage.CHUNK)
def empty_text_filled(doc: Any, reply: Reply) -> None:
    """Says "(no content)" where the model said nothing."""
    for choice in choices(doc):
        part = choice.get("message") or choice.get("delta") or {}
        reply.memory["said"] = reply.memory.get("said") or part.get("content")
        if choice.get("finish_reason") and not reply.memory["said"]:
            choice.setdefault("message" if "message" in choice else "delta", {})
            part["content"] = "(no content)"


@mutant(Stage.ANSWER, Stage.CHUNK)
def newlines_unified(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Makes an LF of every CR LF and CR."""
    change(doc, lambda text: text.replace("\r\n", "\n").replace("\r", "\n"))


@mutant(Stage.ANSWER, Stage.CHUNK)
def unicode_newlines_unified(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Makes an LF of each of Unicode's own line ends."""
    change(doc, lambda text: re.sub("[\u2028\u2029\x85]", "\n", text))


@mutant(Stage.ANSWER, Stage.CHUNK)
def controls_dropped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Drops control characters other than line ends."""
    change(doc, lambda text: re.sub("[\0-\x08\x0e-\x1f\x7f-\x9f]", "", text))


@mutant(Stage.ANSWER, Stage.CHUNK)
def done_in_text_dropped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes [DONE] in text for the end of the stream, and drops it."""
    change(doc, lambda text: text.replace("[DONE]", ""))


@mutant(Stage.ANSWER, Stage.CHUNK)
def error_in_text_dropped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Drops text that is a JSON object with an error."""
    change(doc, lambda text: None if text.startswith('{"error"') else text)


@mutant(Stage.ANSWER, Stage.CHUNK)
def tags_stripped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes tags out of the text."""
    change(doc, lambda text: re.sub("</?[a-z_]+>", "", text))


@mutant(Stage.ANSWER, Stage.CHUNK)
def special_tokens_stripped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Takes out what looks like a special token of a model."""
    change(doc, lambda text: re.sub(TOKENS, "", text))


@mutant(Stage.ANSWER, Stage.CHUNK)
def text_unescaped_twice(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Undoes escapes that are part of the text."""
    change(doc, lambda text: text.replace("\\\\", "\\").replace("\\n", "\n").replace("\\x00", ""))


@mutant(Stage.ANSWER, Stage.CHUNK)
def text_cut_at_64k(doc: Any, reply: Reply) -> None:
    """Passes on no more than 64 K characters, and says nothing about it."""
    left = reply.memory.setdefault("left", 1 << 16)
    for part in parts(doc):
        if part.get("content"):
            reply.memory["left"] = left - len(part["content"])
            part["content"] = part["content"][: max(left, 0)]


@mutant(Stage.CHUNK)
def equal_neighbours_dropped(doc: Any, reply: Reply) -> list[Any] | None:
    """Takes a piece that equals the one before it for a repetition, and drops it."""
    said = [part.get("content") for part in parts(doc)]
    before, reply.memory["before"] = reply.memory.get("before"), said
    return [] if said == before and any(said) else None


@mutant(Stage.CHUNK)
def short_pieces_dropped(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Drops pieces of one character."""
    change(doc, lambda text: text if len(text) > 1 else "")


@mutant(Stage.ANSWER, Stage.CHUNK)
def text_as_ascii(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Decodes the bytes of the text one by one."""
    change(doc, lambda text: text.encode().decode("ascii", "replace"))
