"""Server-sent events, read as https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import pytest

from harness.wire.exchange import Chunk
from harness.wire.sse import SseReader, read_events


def data_of(*pieces: bytes) -> list[str]:
    events, rest = read_events([Chunk(float(n), piece) for n, piece in enumerate(pieces)])
    assert rest == ""
    return [event.data for event in events]


STREAM = 'data: {"a": "é𝒳"}\n\ndata: two\n\n'.encode()
SAME = ['{"a": "é𝒳"}', "two"]


def test_events():
    assert data_of(STREAM) == SAME


def test_any_chunk_boundary():
    for at in range(len(STREAM)):
        assert data_of(STREAM[:at], STREAM[at:]) == SAME
    assert data_of(*(bytes([byte]) for byte in STREAM)) == SAME


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_any_line_ending(end):
    stream = STREAM.replace(b"\n", end)
    assert data_of(stream) == SAME
    assert data_of(*(bytes([byte]) for byte in stream)) == SAME


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b": ping\n\ndata: x\n\n", ["x"]),
        (b"data:x\n\n", ["x"]),
        (b"data:  x\n\n", [" x"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"\xef\xbb\xbfdata: x\n\n", ["x"]),
        (b"event: ping\nid: 7\nretry: 3\ndata: x\n\n", ["x"]),
        (b"data\n\n", [""]),
        (b"event: ping\n\n", []),
        (b"nonsense\ndata: x\n\n", ["x"]),
        (b"\n\n\ndata: x\n\n", ["x"]),
    ],
)
def test_legal_forms(stream, data):
    assert data_of(stream) == data


def test_an_event_is_given_with_its_last_byte():
    reader = SseReader()
    assert reader.feed(Chunk(1.0, b"data: x\r\n\r")) != []


@pytest.mark.parametrize("stream", [b"data: x", b"data: x\n", b"data: x\n\ndata: y\n"])
def test_an_unfinished_event_is_no_event_and_is_not_forgotten(stream):
    events, rest = read_events([Chunk(0.0, stream)])
    assert [event.data for event in events] == ["x"] * stream.count(b"x\n\n")
    assert rest != ""


def test_names_and_times():
    events, _ = read_events([Chunk(1.0, b"event: a\ndata: x\n"), Chunk(2.0, b"\ndata: y\n\n")])
    assert [(event.name, event.at) for event in events] == [("a", 2.0), ("message", 2.0)]
