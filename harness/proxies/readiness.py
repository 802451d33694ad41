"""Waits until a proxy answers HTTP, and asks it what it is."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from harness.proxies.base import Endpoint
from harness.verdicts import HarnessError

POLL = 0.1  # seconds between two looks
STARTING = {502, 503, 504}  # what a server or a port forwarder says before it is up


@dataclass(frozen=True, slots=True)
class Identity:
    """What the running proxy says it is, on the wire. Decides which baseline applies."""

    name: str  # "litellm", or "unknown"
    version: str  # "1.106.2", or ""

    def __str__(self) -> str:
        label = "LiteLLM" if self.name == "litellm" else self.name
        return f"{label} {self.version}".strip()


def wait_until_ready(
    url: str, key: str, *, alive: Callable[[], str | None], timeout: float
) -> None:
    """Block until the proxy at ``url`` answers ``GET /health/liveliness``, whatever it says.

    A broken gateway that answers is ready: what it answers is for the cases to judge.

    Args:
        url: base URL, no trailing slash.
        key: sent as a bearer token.
        alive: None while the proxy runs, else one line that says how it ended.
        timeout: seconds.

    Raises:
        HarnessError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + timeout
    last = "no connection"
    with httpx.Client(timeout=5, trust_env=False) as client:
        while (ended := alive()) is None:
            try:
                answer = client.get(
                    f"{url}/health/liveliness", headers={"Authorization": f"Bearer {key}"}
                )
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if answer.status_code not in STARTING:
                    return
                last = f"status {answer.status_code}"
            if time.monotonic() > deadline:
                raise HarnessError(
                    f"the proxy did not become ready within {timeout:g} s (last: {last})",
                    fix="read its log above; give it longer with --proxy-timeout SECONDS",
                )
            threading.Event().wait(POLL)
    raise HarnessError(
        f"the proxy {ended} before it was ready",
        fix="read its log above; the config it was given is what `conformance config` prints",
    )


def answers(endpoint: Endpoint) -> bool:
    """Whether the proxy answers HTTP at all, within five seconds."""
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    url = f"{endpoint.url}/health/liveliness"
    try:
        httpx.get(url, headers=headers, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return True


def identify(url: str, key: str) -> Identity:
    """Name and version as the proxy states them; the quick places first.

    Rules: https://docs.litellm.ai/docs/proxy/health (``litellm_version``),
    https://docs.litellm.ai/docs/proxy/response_headers (``x-litellm-version``)
    """
    headers = {"Authorization": f"Bearer {key}"}
    request = {"model": "conformance-no-such-model", "messages": []}
    with httpx.Client(timeout=10, trust_env=False, headers=headers) as client:
        asks: tuple[Callable[[], httpx.Response], ...] = (
            lambda: client.get(f"{url}/health/readiness/details"),
            lambda: client.get(f"{url}/health/readiness"),
            lambda: client.post(f"{url}/v1/chat/completions", json=request),
            lambda: client.get(f"{url}/openapi.json"),
        )
        for ask in asks:
            with contextlib.suppress(httpx.HTTPError):
                if version := _version(ask()):
                    return Identity("litellm", version)
    return Identity("unknown", "")


def _version(answer: httpx.Response) -> str | None:
    """The version of LiteLLM that an answer gives away."""
    if header := answer.headers.get("x-litellm-version"):
        return str(header)
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        document = answer.json()
        if version := document.get("litellm_version"):
            return str(version)
        if "litellm" in document["info"]["title"].lower():
            return str(document["info"]["version"])
    return None
