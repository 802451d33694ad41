"""Expected and seen: what is equal, and how a difference reads."""

from __future__ import annotations

import pytest

from harness.verdicts import Violation, Wire
from harness.wire.exchange import Headers, Request, dig
from harness.wire.expect import (
    ABSENT,
    NOT_EMPTY,
    PRESENT,
    absent_or,
    contains,
    is_a,
    matches,
    one_of,
    require,
    same,
)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (1, 1.0),
        ({"a": [1, None]}, {"a": [1, None]}),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        (5, is_a(int)),
        (None, is_a(str, type(None))),
        ("x", one_of("x", "y")),
        ("abc", matches("a.c")),
        ("An Error", contains("error")),
        (ABSENT, ABSENT),
        (ABSENT, absent_or(None)),
        (None, absent_or(None)),
        ("x", NOT_EMPTY),
        (None, PRESENT),
        ([{"id": "x"}], [{"id": is_a(str)}]),
    ],
)
def test_same(seen, expected):
    assert same(seen, expected)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (True, 1),
        (0, False),
        ("1", 1),
        (None, ABSENT),
        (ABSENT, None),
        ({"a": 1, "b": 2}, {"a": 1}),
        ([1, 2], [2, 1]),
        (True, is_a(int)),
        ("abcd", matches("a.c")),
        (ABSENT, PRESENT),
        ("", NOT_EMPTY),
        (ABSENT, is_a(str)),
    ],
)
def test_not_same(seen, expected):
    assert not same(seen, expected)


def test_every_difference_is_told():
    with pytest.raises(Violation) as caught:
        require(Wire.UPSTREAM, {"a": (1, 2), "b": (1, 1), "c": (is_a(str), ABSENT)})
    assert [fact.line for fact in caught.value.facts] == [
        "upstream wire: a: expected 1; seen 2",
        "upstream wire: c: expected a str; seen absent",
    ]


def test_two_long_texts_show_where_they_part():
    with pytest.raises(Violation) as caught:
        require(Wire.CLIENT, {"text": ("a" * 5000 + "x", "a" * 5000 + "y")})
    fact = caught.value.facts[0]
    assert "from 4980" in fact.expected
    assert fact.expected.endswith("x'")
    assert fact.seen.endswith("y'")


def test_paths():
    document = {"choices": [{"message": {"content": None}}]}
    assert dig(document, "choices.0.message.content") is None
    assert dig(document, "choices.1") is ABSENT
    assert dig(document, "choices.x") is ABSENT
    assert dig(document, "choices.0.message.content.deep") is ABSENT


def test_a_body_that_is_not_json_is_the_proxy_s_fault():
    request = Request(Wire.UPSTREAM, Headers(), "POST", "/", b"<html>")
    with pytest.raises(Violation, match="upstream wire: body: expected JSON"):
        request.expect({"model": "x"})


def test_headers_are_found_in_any_case_and_keep_their_order():
    headers = Headers((("X-A", "1"), ("x-a", "2"), ("B", "3")))
    assert headers.get("x-A") == "1"
    assert headers.all("X-a") == ["1", "2"]
    assert headers.names == ["x-a", "x-a", "b"]
    assert "b" in headers
    assert "c" not in headers
