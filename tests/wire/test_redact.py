"""No secret survives, in whatever encoding and place it travels."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.redact import Redactor, stable

SECRET = 'sk-"quoted" & spaced/key+é-0123456789'
FORMS = {
    "plain": SECRET,
    "json": json.dumps(SECRET),
    "json without escapes": json.dumps(SECRET, ensure_ascii=False),
    "json in json": json.dumps(json.dumps(SECRET)),
    "url": quote(SECRET, safe=""),
    "form": quote_plus(SECRET),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "basic": base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "base64 url": base64.urlsafe_b64encode(f"ab{SECRET}".encode()).decode(),
    "hex": SECRET.encode().hex(),
}


@pytest.fixture
def redact() -> Redactor:
    redactor = Redactor()
    redactor.add(SECRET, "$KEY")
    return redactor


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_encoding_is_replaced(redact, form):
    cleaned = redact(f"before {form} after")
    assert "$KEY" in cleaned
    assert "0123456789" not in cleaned
    assert cleaned.startswith("before ")


def test_other_text_stays(redact):
    assert redact("nothing to hide: sk-other") == "nothing to hide: sk-other"


@given(st.text(), st.text(), st.sampled_from(sorted(FORMS)))
def test_the_place_does_not_matter(before, after, form):
    redactor = Redactor()
    redactor.add(SECRET, "$KEY")
    assert FORMS[form] not in redactor(before + FORMS[form] + after)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_base64_at_any_offset(before, after):
    redactor = Redactor()
    redactor.add(SECRET, "$KEY")
    assert "$KEY" in redactor(base64.b64encode(before + SECRET.encode() + after).decode())


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("at http://127.0.0.1:4711/v1", "at http://host.docker.internal:99/v1"),
        ("id 0b4f1c9e-8c5f-4f0e-9a3b-2f1d6c7b8a90", "id 1b4f1c9e-8c5f-4f0e-9a3b-2f1d6c7b8a90"),
        ("chatcmpl-abcdef123", "chatcmpl-0000000000"),
    ],
)
def test_what_changes_from_run_to_run_is_taken_out(text, same):
    assert stable(text) == stable(same)
    assert stable(text) != text
