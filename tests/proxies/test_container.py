"""The container runner, its clean-up and its errors; most of it against a real engine."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import docker
import httpx
import psutil
import pytest
from docker.errors import ImageNotFound

from harness.proxies import image
from harness.proxies.container import ContainerRunner
from harness.proxies.engine import engine, engine_problem
from harness.proxies.versions import LITELLM
from harness.verdicts import HarnessError

IMAGE = image.DEFAULT_TAG.format(version=LITELLM)
KEY = "sk-harness-test"
CONFIG = """\
model_list:
  - model_name: m
    litellm_params: {{model: openai/gpt-4o, api_base: "{upstream}/v1", api_key: sk-upstream}}
"""
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}

# Starts a runner. With "in flight", stops dead once the engine has been asked for the container,
# before its answer is read: the container then comes into being with nobody to receive it.
STARTS = """
import http.client, signal, sys
from harness.proxies.container import ContainerRunner

image, moment = sys.argv[1:]
request, getresponse = http.client.HTTPConnection.putrequest, http.client.HTTPConnection.getresponse

def putrequest(self, method, url, **kw):
    self.asked = url
    return request(self, method, url, **kw)

def answer(self):
    if moment == "in flight" and "/containers/create" in self.asked:
        print("in flight", flush=True)
        signal.pause()
    return getresponse(self)

http.client.HTTPConnection.putrequest = putrequest
http.client.HTTPConnection.getresponse = answer
runner = ContainerRunner(image, why="test")
print(runner.label, flush=True)
runner.start("model_list: []", "sk-harness-test")
"""


def missing() -> str:
    """Why there is nothing to run the engine's tests on, and what to do about it; else empty."""
    if problem := engine_problem():
        return f"{problem}; start Docker"
    with engine() as client:
        try:
            client.images.get(IMAGE)
        except ImageNotFound:
            return f"no image {IMAGE}; make it with `conformance image build`"
    return ""


needs_image = pytest.mark.skipif(bool(missing()), reason=missing())


def containers(label: str) -> list[str]:
    with engine() as client:
        found = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
        return [str(container.status) for container in found]


def guards(pid: int, label: str) -> list[psutil.Process]:
    return [p for p in psutil.Process(pid).children() if label in p.cmdline()]


def created(label: str, since: float) -> bool:
    with engine() as client:
        events = client.events(
            since=int(since),
            until=int(time.time()) + 1,
            filters={"label": label, "event": "create"},
            decode=True,
        )
        return bool(list(events))


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


def addresses(label: str) -> set[str]:
    """Where on this machine the ports of the containers are published."""
    with engine() as client:
        found = client.containers.list(filters={"label": label})
        return {p["HostIp"] for c in found for ports in c.ports.values() for p in ports or []}


@pytest.fixture
def runner() -> Iterator[ContainerRunner]:
    runner = ContainerRunner(IMAGE, why="test")
    yield runner
    runner.stop()


@pytest.fixture
def upstream(runner: ContainerRunner) -> Iterator[str]:
    """A provider that always says the same; its URL for the proxy."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({"object": "list", "data": []})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.answer(ANSWER)

        def answer(self, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((runner.upstream_host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield runner.upstream_url(server.server_port)
        server.shutdown()
        thread.join()


# --- without an engine


def test_no_socket_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert engine_problem() == f"no engine at unix://{tmp_path}/none.sock"


def test_a_socket_that_nobody_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(f"{tmp_path}/dead.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")
    assert engine_problem() == f"no engine is running at unix://{tmp_path}/dead.sock"


def test_a_silent_engine_is_given_up_soon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{tmp_path}/silent.sock")
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/silent.sock")
        before = time.monotonic()
        problem = engine_problem()
    assert problem == f"the engine at unix://{tmp_path}/silent.sock does not answer"
    assert time.monotonic() - before < 4


@pytest.mark.parametrize("host", ["tcp://docker:2375", "ssh://someone@elsewhere"])
def test_an_engine_elsewhere_is_of_no_use(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert "cannot reach the scripted upstream" in (engine_problem() or "")


def test_errors_name_a_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(HarnessError, match="no Docker engine") as caught:
        ContainerRunner(IMAGE, why="test")
    assert "--proxy process" in caught.value.fix
    with pytest.raises(HarnessError, match="no Docker engine"):
        image.build(LITELLM, IMAGE)


def test_build_arguments_default_to_the_pinned_version() -> None:
    parser = argparse.ArgumentParser()
    image.add_arguments(parser)
    args = parser.parse_args([])
    assert (args.litellm, args.tag) == (LITELLM, None)


@needs_image
@pytest.mark.parametrize("tag", ["Capitals/litellm:1", "spaces in it:1", "tag:with/slash:1"])
def test_build_refuses_a_bad_name_at_once(tag: str) -> None:
    with pytest.raises(HarnessError, match="not a name for an image") as caught:
        image.build(LITELLM, tag)
    assert caught.value.fix == f"write it like --tag {IMAGE}"


def test_missing_debootstrap(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(name: str) -> object:
        raise ImageNotFound(name)

    client = SimpleNamespace(images=SimpleNamespace(get=get))
    release = {"VERSION_CODENAME": "trixie"}
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    monkeypatch.setattr(image, "_mirror", lambda _: "http://mirror.example/debian")
    monkeypatch.setattr(
        "shutil.which", lambda name: None if name == "debootstrap" else f"/usr/bin/{name}"
    )
    with pytest.raises(HarnessError, match="debootstrap is missing") as caught:
        image._base(cast("docker.DockerClient", client))
    assert caught.value.fix == "apt-get install debootstrap"


def test_mirror_is_the_one_of_the_release_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mirrors = tmp_path / "mirrors.txt"
    mirrors.write_text("http://near.example/ubuntu/\tpriority:1\nhttp://far.example/ubuntu/\n")
    targets = (
        "trixie-updates main http://one.example/debian\n"
        "trixie contrib http://two.example/debian\n"
        "trixie main http://three.example/debian\n"
        f"noble main mirror+file:{mirrors}\n"
    )
    monkeypatch.setattr(image, "_checked", lambda *_, **__: targets)
    assert image._mirror("trixie") == "http://three.example/debian"
    assert image._mirror("noble") == "http://near.example/ubuntu/"
    with pytest.raises(HarnessError, match="no mirror for sid"):
        image._mirror("sid")


# --- with one


@needs_image
def test_start_use_stop(runner: ContainerRunner, upstream: str) -> None:
    endpoint = runner.start(CONFIG.format(upstream=upstream), KEY)
    assert endpoint.url.startswith("http://127.0.0.1:")
    answer = httpx.post(
        f"{endpoint.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {endpoint.key}"},
        json={"model": "m", "messages": [{"role": "user", "content": "hi"}]},
        timeout=60,
        trust_env=False,
    )
    assert answer.json()["choices"][0]["message"]["content"] == "hi"
    assert "POST /v1/chat/completions" in runner.log()
    assert containers(runner.label) == ["running"]
    assert addresses(runner.label) == {"127.0.0.1"}
    assert guards(os.getpid(), runner.label)

    runner.stop()
    assert containers(runner.label) == []
    assert guards(os.getpid(), runner.label) == []
    assert "Application shutdown complete" in runner.log()
    runner.stop()


@needs_image
def test_not_ready_in_time() -> None:
    runner = ContainerRunner(IMAGE, why="test", timeout=0)
    with pytest.raises(HarnessError, match="did not become ready"):
        runner.start("model_list: []", KEY)
    assert containers(runner.label) == []


@needs_image
def test_config_that_litellm_rejects(runner: ContainerRunner) -> None:
    with pytest.raises(HarnessError, match="exited with code 1 before it was ready") as caught:
        runner.start("model_list: [", KEY)
    assert "yaml.parser.ParserError" in caught.value.detail
    assert len(caught.value.detail.splitlines()) <= 30
    assert containers(runner.label) == []


@needs_image
def test_image_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    runner = ContainerRunner("conformance/no-such-image:1", why="test")
    with pytest.raises(HarnessError, match="no image conformance/no-such-image:1") as caught:
        runner.start("model_list: []", KEY)
    assert "--image" in caught.value.fix
    assert "conformance image build" in caught.value.fix
    assert capsys.readouterr().err == "docker: pulling conformance/no-such-image:1\n"


@needs_image
@pytest.mark.parametrize("moment", ["in flight", "running"])
def test_nothing_is_left_after_sigkill(moment: str) -> None:
    since = time.time()
    command = [sys.executable, "-c", STARTS, IMAGE, moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        label = child.stdout.readline().strip()
        if moment == "in flight":
            assert child.stdout.readline() == "in flight\n"
        else:
            wait_for(lambda: containers(label) == ["running"])
        [guard] = guards(child.pid, label)
        child.send_signal(signal.SIGKILL)
    with contextlib.suppress(psutil.NoSuchProcess):
        guard.wait(30)
    assert created(label, since)
    assert containers(label) == []


@needs_image
def test_image_keeps_nothing_of_its_making() -> None:
    with engine() as client:
        config = client.images.get(IMAGE).attrs["Config"]
    assert config["Entrypoint"] == ["litellm"]
    assert config["Cmd"] == ["--port", "4000"]
    assert [variable.split("=")[0] for variable in config["Env"]] == ["PATH"]
    assert not config.get("Volumes")
