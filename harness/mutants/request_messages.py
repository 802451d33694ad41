"""Gateways that change the conversation."""

from __future__ import annotations

import html
import unicodedata
from typing import Any

from harness.mutants.registry import Sent, Stage, mutant
from harness.mutants.sent_parts import blocks, change_texts, fields, keep, spoken


@mutant(Stage.UPSTREAM)
def names_dropped(sent: Sent) -> None:
    """The names of speakers are dropped."""
    for message in spoken(sent):
        message.pop("name", None)


@mutant(Stage.UPSTREAM)
def text_parts_flattened(sent: Sent) -> None:
    """Parts that are all text are joined to one text."""
    for message in spoken(sent):
        parts = message.get("content")
        if isinstance(parts, list) and all(part.get("type") == "text" for part in parts):
            message["content"] = "".join(part["text"] for part in parts)


@mutant(Stage.UPSTREAM)
def same_roles_merged(sent: Sent) -> None:
    """Messages of one role that follow each other become one."""
    merged: list[Any] = []
    for message in spoken(sent):
        before = merged[-1] if merged else {}
        if before.get("role") == message["role"] and isinstance(message.get("content"), str):
            before["content"] += "\n" + message["content"]
        else:
            merged.append(message)
    keep(sent, merged)


@mutant(Stage.UPSTREAM)
def system_moved_to_front(sent: Sent) -> None:
    """System messages are moved to the front."""
    keep(sent, sorted(spoken(sent), key=lambda message: message["role"] != "system"))


@mutant(Stage.UPSTREAM)
def content_trimmed(sent: Sent) -> None:
    """White space around text is taken off."""
    change_texts(sent, str.strip)


@mutant(Stage.UPSTREAM)
def image_detail_dropped(sent: Sent) -> None:
    """The detail of images is dropped."""
    for message in spoken(sent):
        for part in blocks(message):
            if isinstance(part.get("image_url"), dict):
                part["image_url"].pop("detail", None)


@mutant(Stage.UPSTREAM)
def refusals_dropped(sent: Sent) -> None:
    """Earlier refusals are dropped."""
    for message in spoken(sent):
        message.pop("refusal", None)


@mutant(Stage.UPSTREAM)
def turns_swapped(sent: Sent) -> None:
    """The first and the second turn change places."""
    messages = spoken(sent)
    if len(messages) > 2:
        keep(sent, [messages[1], messages[0], *messages[2:]])


@mutant(Stage.UPSTREAM)
def last_turn_only(sent: Sent) -> None:
    """Only the last message is sent."""
    keep(sent, spoken(sent)[-1:])


@mutant(Stage.UPSTREAM)
def old_turns_dropped(sent: Sent) -> None:
    """A long conversation is cut at its beginning."""
    keep(sent, spoken(sent)[-6:])


@mutant(Stage.UPSTREAM)
def images_dropped(sent: Sent) -> None:
    """Images are left out."""
    for message in spoken(sent):
        parts = blocks(message)
        parts[:] = [p for p in parts if p.get("type") != "image" and "inline_data" not in p]


@mutant(Stage.UPSTREAM)
def system_prompt_dropped(sent: Sent) -> None:
    """The system prompt is dropped."""
    for key in ("system", "system_instruction"):
        fields(sent).pop(key, None)


@mutant(Stage.UPSTREAM)
def system_prompt_said_by_the_user(sent: Sent) -> None:
    """The system prompt becomes the first thing that the user says."""
    body = fields(sent)
    said = body.pop("system", None)
    told = body.pop("system_instruction", None)
    if said:
        keep(sent, [{"role": "user", "content": said}, *spoken(sent)])
    if told:
        keep(sent, [{"role": "user", "parts": told["parts"]}, *spoken(sent)])


@mutant(Stage.REQUEST)
def developer_said_by_the_user(sent: Sent) -> None:
    """A developer message is taken for the user's."""
    for message in spoken(sent):
        if message.get("role") == "developer":
            message["role"] = "user"


@mutant(Stage.UPSTREAM)
def developer_as_system(sent: Sent) -> None:
    """A developer message becomes a system message."""
    for message in spoken(sent):
        if message.get("role") == "developer":
            message["role"] = "system"


@mutant(Stage.REQUEST)
def later_rules_dropped(sent: Sent) -> None:
    """System messages after the first turn are dropped."""
    messages = spoken(sent)
    keep(sent, [m for n, m in enumerate(messages) if n == 0 or m.get("role") != "system"])


@mutant(Stage.UPSTREAM)
def text_normalised(sent: Sent) -> None:
    """Text is brought into Unicode's form NFC."""
    change_texts(sent, lambda text: unicodedata.normalize("NFC", text))


@mutant(Stage.UPSTREAM)
def control_characters_dropped(sent: Sent) -> None:
    """Control characters other than white space are dropped."""
    change_texts(sent, lambda text: "".join(c for c in text if c >= " " or c in "\t\n\r"))


@mutant(Stage.UPSTREAM)
def markup_escaped(sent: Sent) -> None:
    """Text is escaped as if it were put into HTML."""
    change_texts(sent, lambda text: html.escape(text, quote=False))


@mutant(Stage.UPSTREAM)
def text_truncated(sent: Sent) -> None:
    """Text is cut at one million characters."""
    change_texts(sent, lambda text: text[:1_000_000])


@mutant(Stage.HEAD)
def client_errors_as_500(reply: Any) -> None:
    """What the client did wrong is reported as a failure of the server."""
    if reply.status == 400:
        reply.status = 500
