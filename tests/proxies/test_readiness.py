"""Waiting for a proxy, and asking it what it is, without a proxy."""

from __future__ import annotations

import httpx
import pytest
import respx

from harness.proxies.readiness import Identity, identify, wait_until_ready
from harness.proxies.url import UrlRunner
from harness.verdicts import HarnessError

URL = "http://proxy.test"


def running() -> None:
    return None


@respx.mock
def test_it_waits_until_something_answers():
    route = respx.get(f"{URL}/health/liveliness").mock(
        side_effect=[httpx.ConnectError("refused"), httpx.Response(503), httpx.Response(200)]
    )
    wait_until_ready(URL, "sk-x", alive=running, timeout=5)
    assert route.call_count == 3


@respx.mock
@pytest.mark.parametrize("status", [200, 404, 500])
def test_whatever_it_answers_is_for_the_cases_to_judge(status):
    respx.get(f"{URL}/health/liveliness") % status
    wait_until_ready(URL, "sk-x", alive=running, timeout=1)


@respx.mock
def test_one_that_ended_is_not_waited_for():
    respx.get(f"{URL}/health/liveliness").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(HarnessError, match="exited with code 3"):
        wait_until_ready(URL, "sk-x", alive=lambda: "exited with code 3", timeout=60)


SAYS = {
    "details": ("GET", "/health/readiness/details", {"json": {"litellm_version": "1.2.3"}}),
    "readiness": ("GET", "/health/readiness", {"json": {"litellm_version": "1.2.3"}}),
    "header": ("POST", "/v1/chat/completions", {"headers": {"x-litellm-version": "1.2.3"}}),
    "openapi": (
        "GET",
        "/openapi.json",
        {"json": {"info": {"title": "LiteLLM API", "version": "1.2.3"}}},
    ),
}


@respx.mock
@pytest.mark.parametrize("place", SAYS)
def test_wherever_it_names_its_version(place):
    method, path, answer = SAYS[place]
    respx.route(method=method, url=f"{URL}{path}").respond(**answer)
    respx.route(host="proxy.test").respond(400, json={"status": "healthy"})
    assert identify(URL, "sk-x") == Identity("litellm", "1.2.3")


@respx.mock
@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"info": []}', '{"info": {"title": 1}}'])
def test_a_gateway_that_does_not_say_is_unknown(text):
    respx.route(host="proxy.test").respond(200, text=text)
    assert identify(URL, "sk-x") == Identity("unknown", "")


@respx.mock
@pytest.mark.parametrize("given", [URL, f"{URL}/", f"{URL}/v1", f"{URL}/v1/"])
def test_a_url_is_taken_with_and_without_v1(given):
    respx.get(f"{URL}/v1/models").respond(json={"data": []})
    runner = UrlRunner(given, upstream_host="127.0.0.1", why="")
    assert runner.start("", "sk-x").url == URL


@respx.mock
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401, json={}), "refuses the key"),
        (httpx.Response(400, json={}), "refuses the key"),
        (httpx.Response(200, html="<html>"), "is not a gateway"),
        (httpx.Response(404, html="<html>"), "is not a gateway"),
    ],
)
def test_a_url_that_is_no_use(answer, said):
    respx.get(f"{URL}/v1/models").mock(return_value=answer)
    with pytest.raises(HarnessError, match=said):
        UrlRunner(URL, upstream_host="127.0.0.1", why="").start("", "sk-x")
