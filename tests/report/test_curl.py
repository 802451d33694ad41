"""The ``curl`` of a failure really repeats the request, and does not show the key."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from harness.report.curl import LONGEST, curl
from harness.upstream.deployment import Deployment, Placed
from harness.upstream.script import says
from harness.upstream.server import Script, Upstream
from harness.verdicts import Wire
from harness.wire.exchange import Headers, Request

PLACED = Placed("a-case", Deployment(), "openai")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def script(upstream: Upstream) -> Script:
    return upstream.open(PLACED)


def request(body: bytes, *headers: tuple[str, str]) -> Request:
    target = f"{PLACED.prefix}/v1/chat/completions"
    lines = (("Host", "x"), ("Authorization", f"Bearer {PLACED.key}"), *headers)
    return Request(Wire.CLIENT, Headers(lines), "POST", target, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": [{"content": "it\'s $HOME `id` \\\\ \\"x\\" \xc3\xa9"}]}',
        b"@file",
        b'{"a": "line\nbreak"}',
        b"\xff\x00'\\ not text",
        json.dumps({"key": PLACED.key}).encode(),
    ],
    ids=["quotes", "at", "control", "binary", "key"],
)
def test_it_repeats_the_request(upstream, script, body):
    script.will(says("hello"))
    sent = request(body, ("Content-Type", "application/json"), ("X-A", "1 'two'"))
    line = curl(sent, f"http://127.0.0.1:{upstream.port}", PLACED.key)
    assert PLACED.key not in line
    env = {**os.environ, "LITELLM_API_KEY": PLACED.key, "NO_PROXY": "*"}
    done = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, check=True)
    assert "hello" in done.stdout
    seen = script.exchanges[0].request
    assert seen.content == body
    assert seen.headers.get("X-A") == "1 'two'"


def test_a_huge_body_is_not_pasted():
    assert "bytes" in curl(request(b"x" * (LONGEST + 1)), "http://x", "sk-key")


def test_a_get_has_no_method_and_no_body():
    sent = Request(Wire.CLIENT, Headers(), "GET", "/v1/models", b"")
    assert curl(sent, "http://x", "sk-key") == "curl -sSN http://x/v1/models"
