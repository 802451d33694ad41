"""LiteLLM as a container: the official image, one built by ``conformance image build``, or any
other whose entrypoint takes the arguments of ``litellm``.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import Any, cast

from docker.errors import APIError, NotFound
from docker.models.containers import Container
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from harness.proxies.base import Endpoint, Runner
from harness.proxies.command import OFFLINE, tail
from harness.proxies.engine import (
    ENGINE_ERRORS,
    NO_ENGINE_FIX,
    engine_problem,
    gateway_address,
    image_problem,
    reason,
)
from harness.proxies.readiness import wait_until_ready
from harness.verdicts import HarnessError

HOST = "127.0.0.1"
UPSTREAM_NAME = "host.docker.internal"  # on Linux it exists only where extra_hosts says so
PORT = 4000  # what the official image listens on
CONFIG = "/app/config.yaml"
COMMAND = ["--config", CONFIG, "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 - inside it
GRACE = (
    1  # seconds between SIGTERM and SIGKILL; LiteLLM needs 0.3, or for ever with a stalled stream
)
GUARD_TIMEOUT = 90  # seconds; longer than the guard itself tries


class ContainerRunner(Runner):
    """``image`` in the local Docker engine, on a free port of the loopback address.

    A container carries the label ``conformance.run=<id>``, with an id of its own for each runner,
    and a guard process removes it even when pytest is killed. Ryuk, which testcontainers would use
    for that, is off: it is one more image to pull, and needs the engine's socket in a container.

    Args:
        image: any name the engine takes.
        why: for the header of the run.
        timeout: seconds from the start of the container until it answers.

    Raises:
        HarnessError: there is no engine.
    """

    name = "container"

    def __init__(self, image: str, *, why: str, timeout: float = 120) -> None:
        if problem := engine_problem():
            raise HarnessError(f"no Docker engine can be used: {problem}", fix=NO_ENGINE_FIX)
        self.why = why
        self.upstream_host = gateway_address()
        self.label = f"conformance.run={uuid.uuid4().hex}"
        self._image = image
        self._timeout = timeout
        self._container: DockerContainer | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._log = ""  # what the last container had said when it was removed

    def upstream_url(self, port: int) -> str:
        return f"http://{UPSTREAM_NAME}:{port}"

    def start(self, config: str, key: str) -> Endpoint:
        if problem := image_problem(self._image):
            raise HarnessError(
                f"no image {self._image}: {problem}",
                fix="name another with --image, or build one with `conformance image build` "
                "and name that",
            )
        self._log = ""
        try:
            self._guard = _guard(self.label)
            try:
                self._container = self._describe(config, key)
                self._container.start()
                port = self._published_port()
            except ENGINE_ERRORS as error:
                raise _start_error(self._image, error) from error
            url = f"http://{HOST}:{port}"
            wait_until_ready(url, key, alive=self._ended, timeout=self._timeout)
        except HarnessError as error:
            error.detail = error.detail or tail(self.log())
            self.stop()
            raise
        except BaseException:
            self.stop()
            raise
        return Endpoint(url, key)

    def log(self) -> str:
        """All that it has written so far, stdout and stderr as they came; kept after ``stop``."""
        if self._container is None or not _created(self._container):
            return self._log
        try:
            return _decoded(self._container.get_wrapped_container())
        except ENGINE_ERRORS as error:
            return f"(the log cannot be read: {reason(error)})"

    def stop(self) -> None:
        """Stop and remove it.

        Raises:
            HarnessError: neither this nor the guard could remove it.
        """
        container, guard = self._container, self._guard
        self._container = self._guard = None
        removed = False
        if container is not None:
            if _created(container):
                removed = self._remove(container.get_wrapped_container())
            container.get_docker_client().client.close()
        if guard is not None:
            self._release(guard, removed=removed)

    def _remove(self, container: Container) -> bool:
        try:
            container.stop(timeout=GRACE)
            self._log = _decoded(container)
            container.remove(force=True, v=True)
        except NotFound:
            return True
        except ENGINE_ERRORS:
            return False  # the guard comes next, with more patience
        return True

    def _release(self, guard: subprocess.Popen[bytes], *, removed: bool) -> None:
        """End the guard; let it do its work first, unless that has been done."""
        if removed:
            # Asked politely, it would still look for a container that may yet appear.
            guard.kill()
        if guard.stdin is not None:
            guard.stdin.close()
        try:
            code = guard.wait(GUARD_TIMEOUT)
        except subprocess.TimeoutExpired:
            guard.kill()
            code = guard.wait()
        if code and not removed:
            raise HarnessError(
                "a container may have been left behind",
                fix=f"docker rm -f $(docker ps -aq --filter label={self.label})",
            )

    def _describe(self, config: str, key: str) -> DockerContainer:
        testcontainers_config.ryuk_disabled = True
        name, value = self.label.split("=", 1)
        container = (
            DockerContainer(self._image)
            .with_command(COMMAND)
            .with_envs(LITELLM_MASTER_KEY=key, **OFFLINE)
            # Copied, not mounted: readable for whatever user the image runs as, no matter how
            # private a folder here would be, and no file with a key in it is left after a kill.
            .with_copy_into_container(config.encode(), CONFIG)
            .with_kwargs(
                labels={name: value},
                init=True,  # as process 1 LiteLLM would need 2.4 seconds to stop, not 0.4
                network="bridge",  # else testcontainers guesses one, and gateway_address is wrong
                extra_hosts={UPSTREAM_NAME: "host-gateway"},
            )
        )
        container.image = self._image  # without the prefix that testcontainers may have put on
        # with_bind_ports takes no address, and the engine's default is every interface.
        cast("dict[str, Any]", container.ports)[f"{PORT}/tcp"] = (HOST, None)
        return container

    def _published_port(self) -> int:
        assert self._container is not None  # noqa: S101 - for the type checker
        api = self._container.get_docker_client().client.api
        published = api.port(self._container.get_container_id(), PORT)
        if not published:  # no longer published once it has ended
            raise HarnessError(
                f"the proxy {self._ended() or 'has no port'} before it was ready",
                fix="read its log above; the image has to take the arguments of `litellm`",
            )
        return int(published[0]["HostPort"])

    def _ended(self) -> str | None:
        assert self._container is not None  # noqa: S101 - for the type checker
        container = self._container.get_wrapped_container()
        try:
            container.reload()
        except NotFound:
            return "was removed by somebody else"
        except ENGINE_ERRORS as error:
            return f"is out of sight ({reason(error)})"
        if container.status in {"created", "running"}:
            return None
        return f"{container.status} with code {container.attrs['State']['ExitCode']}"


def _guard(label: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "harness.proxies.guard", "--label", label],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _decoded(container: Container) -> str:
    return container.logs().decode(errors="replace")


def _created(container: DockerContainer) -> bool:
    return container.status != "not_started"


def _start_error(image: str, error: BaseException) -> HarnessError:
    why = reason(error)
    if not isinstance(error, APIError):
        return HarnessError(f"the Docker engine failed: {why}", fix=NO_ENGINE_FIX)
    fix = f"try `docker run --rm {image} --help`; the image has to take the arguments of `litellm`"
    if "port" in why.lower() and "alloc" in why.lower():
        fix = "run again: the port it was given was taken by another program meanwhile"
    return HarnessError(f"the container could not be started: {why}", fix=fix)
