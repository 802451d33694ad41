"""A proxy that cannot be had: one clear error that names the fix, exit code 10, nothing left."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest

from harness.verdicts import ExitCode


def refused(run, *words: str) -> None:
    assert run.returncode == ExitCode.HARNESS_ERROR, run.stdout + run.stderr
    for word in (*words, "fix:"):
        assert word in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def other(project, *args: str, **env: str):
    """Run with these options instead of the toy gateway."""
    return project.run(*args, gateway=False, **env)


def test_a_proxy_that_exits_shows_its_log(passing):
    refused(passing.run(flags="--exit"), "exited with code 3", "cannot read the config")


def test_a_proxy_that_never_answers(passing):
    refused(passing.run("--proxy-timeout=1.5", flags="--hang"), "did not become ready within 1.5 s")


def test_an_unknown_kind_of_proxy(passing):
    refused(other(passing, "--proxy=podman"), "--proxy podman is no kind of proxy")


def test_an_unknown_version(passing):
    refused(
        other(passing, "--proxy=process", "--litellm=9.9.9"),
        "the package index has no such version",
    )


def test_no_version_at_all(passing):
    refused(other(passing, "--proxy=process", "--litellm=latest"), "is not a version of LiteLLM")


def test_options_that_contradict_each_other(passing):
    refused(passing.run("--proxy=process"), "both say what to test")
    refused(other(passing, "--proxy=process", "--image=x"), "--image is for a container")
    refused(other(passing, "--proxy=container", "--litellm=1.2.3"), "is for a local process")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("gateway --port {port}", "has no {config} in it"),
        ("/no/such/program {config} {port}", "no program '/no/such/program'"),
        ("false {config} {port}", "exited with code 1"),
    ],
)
def test_a_command_that_cannot_work(passing, command, said):
    refused(other(passing, f"--proxy-command={command}"), said)


def test_no_docker(passing):
    refused(
        other(passing, "--proxy=container", DOCKER_HOST="unix:///no/such.sock"),
        "no Docker engine can be used",
        "--proxy process",
    )


def test_a_url_where_nothing_answers(passing):
    refused(
        other(passing, "--proxy=http://127.0.0.1:9", "--proxy-key=sk-secret"),
        "no proxy answers at http://127.0.0.1:9",
    )


def test_a_url_without_a_key(passing):
    refused(other(passing, "--proxy=http://127.0.0.1:9", LITELLM_API_KEY=""), "needs its key")


@pytest.fixture
def serve():
    """Serves one status and body for everything; gives the URL."""
    servers = []

    def start(status: int, kind: str, body: bytes) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the library's name

            def log_message(self, *args): ...

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_url_that_is_a_web_page(passing, serve):
    url = serve(200, "text/html", b"<html>welcome</html>")
    refused(
        other(passing, f"--proxy={url}", "--proxy-key=sk-secret"), "is not a gateway", "text/html"
    )


def test_a_wrong_key_is_not_shown(passing, serve):
    url = serve(401, "application/json", b'{"error": {"message": "wrong key sk-secret-key"}}')
    run = other(passing, f"--proxy={url}", "--proxy-key=sk-secret-key")
    refused(run, "refuses the key (status 401)", "--proxy-key")
    assert "sk-secret-key" not in run.stdout + run.stderr


def test_a_proxy_with_another_config(passing, serve):
    url = serve(200, "application/json", b'{"object": "list", "data": []}')
    refused(
        other(passing, f"--proxy={url}", "--proxy-key=sk-x1234", "--upstream-listen=127.0.0.1:0"),
        "does not serve 1 of the cases' 1 models",
        "conformance config",
    )


def test_an_address_that_is_taken(passing):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(
            passing.run(f"--upstream-listen=127.0.0.1:{port}"),
            f"cannot listen on 127.0.0.1:{port}",
            "--upstream-listen HOST:PORT",
        )


def test_without_our_upstream_a_case_is_not_testable_and_says_so(passing, serve):
    url = serve(200, "application/json", b'{"object": "list", "data": []}')
    run = other(passing, f"--proxy={url}", "--proxy-key=sk-x1234")
    assert run.returncode == ExitCode.RED
    assert "1 not testable" in run.stdout
    assert "conformance config" in run.stdout
