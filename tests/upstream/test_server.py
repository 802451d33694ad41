"""The scripted provider on a real socket: order, faults, records."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

from harness.upstream.deployment import Deployment, Placed, case_slug
from harness.upstream.script import Gate, fails, says
from harness.upstream.server import Script, Upstream
from harness.verdicts import HarnessError

PLACED = Placed("a-case", Deployment(), "openai")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def script(upstream: Upstream) -> Script:
    return upstream.open(PLACED)


@pytest.fixture
def ask(upstream):
    def post(*, stream: bool = False, key: str = PLACED.key, path: str = PLACED.prefix):
        return httpx.post(
            f"http://127.0.0.1:{upstream.port}{path}/v1/chat/completions",
            json={"model": "m", "messages": [], "stream": stream},
            headers={"Authorization": f"Bearer {key}", "X-Twice": "1"},
            timeout=5,
            trust_env=False,
        )

    return post


def test_answers_come_in_order(script, ask):
    script.will(says("one"), fails(429, retry_after=7), says("two"))
    assert "one" in ask().text
    limited = ask()
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert "two" in ask().text
    assert script.unused == 0


def test_what_no_case_scripted_is_answered_with_an_error_and_recorded(script, ask):
    assert ask().status_code == 500
    assert [exchange.note for exchange in script.exchanges] == ["unscripted"]


def test_a_wrong_key_is_refused_as_a_provider_does(script, ask):
    script.will(says("secret"))
    assert ask(key="upkey-other").status_code == 401
    assert [exchange.note for exchange in script.exchanges] == ["wrong key"]
    assert script.unused == 1


def test_a_request_for_no_case_is_a_stray(upstream, script, ask):
    assert ask(path="/another/default").status_code == 404
    assert [e.request.target for e in upstream.strays] == ["/another/default/v1/chat/completions"]
    assert script.exchanges == []


def test_listing_models_is_nobody_s_request(upstream, script):
    url = f"http://127.0.0.1:{upstream.port}{PLACED.prefix}/v1/models"
    assert httpx.get(url, trust_env=False).status_code == 200
    assert (script.exchanges, upstream.strays) == ([], [])


def test_requests_are_kept_as_they_were(script, ask):
    script.will(says("x"))
    ask()
    request = script.exchanges[0].request
    assert request.json == {"model": "m", "messages": [], "stream": False}
    assert ("X-Twice", "1") in request.headers.lines
    assert request.target == "/a-case/default/v1/chat/completions"


def test_a_large_request_is_taken(upstream, script):
    script.will(says("x"))
    answer = httpx.post(
        f"http://127.0.0.1:{upstream.port}{PLACED.prefix}/v1/chat/completions",
        json={"model": "m", "messages": ["x" * (30 << 20)]},
        headers={"Authorization": f"Bearer {PLACED.key}"},
        trust_env=False,
        timeout=20,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (says("one two").resets(), httpx.ReadError),
        (says("one two").resets(after=1), httpx.ReadError),
        (says("one two").cut(after=1), httpx.RemoteProtocolError),
        (says("one two").cut(after=0), httpx.RemoteProtocolError),
    ],
    ids=["reset", "reset later", "cut", "cut at once"],
)
def test_broken_connections(script, ask, stream, fault, error):
    script.will(fault)
    with pytest.raises(error):
        ask(stream=stream)
    assert script.exchanges[0].response.broken


def test_a_refusing_port_refuses(upstream):
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{upstream.refusing_port}", trust_env=False)


def test_faults_inside_a_stream(script, ask):
    script.will(
        says("one two").malformed(after=1),
        says("one two").error_event(after=1),
        says("one two").without_terminator(),
        says("one two").as_content_type("text/html"),
    )
    assert "data: {this is not JSON" in ask(stream=True).text
    broken = ask(stream=True).text
    assert '"error"' in broken
    assert "[DONE]" not in broken
    assert "two" not in broken
    assert "[DONE]" not in ask(stream=True).text
    assert ask(stream=True).headers["content-type"] == "text/html"


def test_a_gate_holds_the_stream_until_it_is_opened(upstream, script):
    gate = Gate()
    script.will(says(pieces=["one", "two"]).held(gate, before=1))
    url = f"http://127.0.0.1:{upstream.port}{PLACED.prefix}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {PLACED.key}"}
    with httpx.stream(
        "POST", url, json={"stream": True}, headers=headers, trust_env=False
    ) as answer:
        lines = answer.iter_lines()
        assert any("one" in line for line in lines)
        gate.open()
        assert any("two" in line for line in lines)


def test_a_client_that_goes_away_is_noticed(upstream, script):
    script.will(says("one two").stalls(after=1))
    url = f"http://127.0.0.1:{upstream.port}{PLACED.prefix}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {PLACED.key}"}
    with httpx.stream(
        "POST", url, json={"stream": True}, headers=headers, trust_env=False
    ) as answer:
        next(answer.iter_raw())
    assert script.wait_for(
        lambda all_: all_[0].response.broken == "the proxy closed the connection", 5
    )


def test_writes_of_a_given_size_are_the_same_bytes(script, ask):
    script.will(says("äöü 🦜"), says("äöü 🦜").in_writes_of(1))
    assert ask(stream=True).content == ask(stream=True).content


def test_many_at_once_each_get_their_own(script, ask):
    script.always(lambda request: says(str(len(request.content))))
    threads = [threading.Thread(target=ask, kwargs={"stream": True}) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(script.exchanges) == 20


def test_what_a_dialect_cannot_say_is_refused_when_it_is_scripted(upstream):
    script = upstream.open(Placed("b-case", Deployment(), "anthropic"))
    with pytest.raises(HarnessError, match="cannot express n"):
        script.will(says("a").__class__((says("a").choices[0],) * 2))


def test_an_address_that_is_taken(upstream):
    with pytest.raises(HarnessError, match="cannot listen on"):
        Upstream(port=upstream.port).start()


@pytest.mark.parametrize("nodeid", ["a/test_b.py::test_text[é/..-x]", "x.py::test_" + "y" * 200])
def test_a_slug_is_safe_in_urls_and_model_names(nodeid):
    slug = case_slug(nodeid)
    assert slug == case_slug(nodeid)
    assert slug.replace("-", "").isalnum()
    assert slug.isascii()
    assert len(slug) < 64


def test_slugs_differ():
    assert case_slug("a.py::test_x[1]") != case_slug("b.py::test_x[1]")
