"""Our client against servers that misbehave: an exchange that tells, in bounded time and memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from harness.clients import http
from harness.clients.http import HttpClient

Serve = Callable[[Callable[[socket.socket], None]], HttpClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that does this with every connection, and a client to it."""
    listener = socket.create_server(("127.0.0.1", 0))
    clients: list[HttpClient] = []

    def start(behave: Callable[[socket.socket], None]) -> HttpClient:
        def loop() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    try:
                        behave(connection)
                    except OSError:
                        continue

        threading.Thread(target=loop, daemon=True).start()
        clients.append(HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        return clients[-1]

    yield start
    for client in clients:
        client.close()
    listener.close()


def get(client: HttpClient, timeout: float = 5):
    return client.send(client.build("GET", "/x", headers={"X-A": "1"}, timeout=timeout))


def test_both_directions_are_kept_as_bytes(serve):
    client = serve(
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nX-B: 1\r\nx-b: 2\r\nContent-Length: 3\r\n\r\nabc")
    )
    exchange = get(client)
    assert exchange.request.headers.get("x-a") == "1"
    assert exchange.response.headers.lines[:2] == (("X-B", "1"), ("x-b", "2"))
    assert exchange.response.body == b"abc"
    assert exchange.response.broken is None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"", "the proxy closed the connection in the middle"),
        (b"garbage\r\n\r\n", "the proxy closed the connection in the middle"),
    ],
)
def test_no_answer(serve, said, error):
    exchange = get(serve(lambda c: c.sendall(said)))
    assert (exchange.response, exchange.error) == (None, error)


def test_a_cut_answer(serve):
    exchange = get(serve(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")))
    assert exchange.response.body == b"abc"
    assert exchange.response.broken == "the proxy closed the connection in the middle"


def test_a_stalled_answer_and_less_patience_after_some(serve, monkeypatch):
    monkeypatch.setattr(http, "LESS_PATIENCE", 0.1)
    done = threading.Event()
    client = serve(lambda _: done.wait(1) and None)
    for _ in range(http.STALLS):
        assert get(client, timeout=0.2).error == http.STALLED
    request = client.build("GET", "/x", headers={})
    assert request.extensions["timeout"]["read"] == 0.1
    done.set()


def test_a_flood_ends(serve, monkeypatch):
    monkeypatch.setattr(http, "MAX_ANSWER", 1 << 20)

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    exchange = get(serve(flood))
    assert exchange.response.broken == "more than 1 MiB"
    assert len(exchange.response.body) < 3 << 20


def test_a_trickle_ends(serve, monkeypatch):
    monkeypatch.setattr(http, "LONGEST", 0.5)
    stop = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    assert get(serve(trickle)).response.broken == "no end after 0.5 s"
    stop.set()


def test_a_redirect_is_not_followed(serve):
    said = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    assert get(serve(lambda c: c.sendall(said))).response.status == 302


def test_nothing_listens():
    client = HttpClient("http://127.0.0.1:9")
    assert get(client).error == "connection refused"
    client.close()
