"""The Docker engine: whether there is one, what it holds, and how to clean up in it.

The engine is found as testcontainers and the ``docker`` command find it: ``DOCKER_HOST``, else the
current context, else the default socket.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import docker
import psutil
from docker.errors import APIError, DockerException, ImageNotFound
from requests import RequestException
from testcontainers.core.docker_client import get_docker_host
from urllib3.exceptions import HTTPError

from harness.verdicts import HarnessError

# All that the docker library lets through: its own errors, those of requests, and those of urllib3
# while an answer is being streamed.
ENGINE_ERRORS = (DockerException, RequestException, HTTPError)
NO_ENGINE_FIX = (
    "install and start Docker (`docker info` has to work for this user), or use `--proxy process`"
)

PROBE = 2  # seconds; an engine that is up answers in milliseconds
SETTLE = 5.0  # seconds; a creation takes about 0.1, more on a busy disk
POLL = 0.1  # seconds between two looks
GIVE_UP = 60.0  # seconds for removing what was found; one removal takes about 0.2
DEFAULT_SOCKET = "unix:///var/run/docker.sock"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def engine_problem() -> str | None:
    """Say in one line why no engine can be used; None when one can. Takes 2 seconds at most."""
    host = get_docker_host() or DEFAULT_SOCKET
    url = urlsplit(host)
    if url.scheme not in {"unix", "npipe"} and url.hostname not in LOOPBACK:
        return f"DOCKER_HOST is {host}: a container there cannot reach the scripted upstream here"
    try:
        with contextlib.closing(_connect(PROBE)) as client:
            client.ping()
    except ENGINE_ERRORS as error:
        return reason(error)
    return None


@contextlib.contextmanager
def engine(timeout: int = 60) -> Iterator[docker.DockerClient]:
    """Open a client; close it at the end. ``timeout`` is seconds of silence per answer.

    Raises:
        HarnessError: there is no engine, or the body let one of its errors through.
    """
    try:
        with contextlib.closing(_connect(timeout)) as client:
            yield client
    except APIError as error:  # it answers, and says no
        raise HarnessError(
            f"the Docker engine refused: {reason(error)}", fix="the engine's own log says more"
        ) from error
    except ENGINE_ERRORS as error:
        raise HarnessError(
            f"the Docker engine failed: {reason(error)}", fix=NO_ENGINE_FIX
        ) from error


def image_problem(image: str) -> str | None:
    """Say in one line why ``image`` cannot be had, neither here nor by pulling; None when it can.

    Pulls it when it is not here, after one line on stderr.

    Raises:
        HarnessError: there is no engine.
    """
    with engine() as client:
        try:
            client.images.get(image)
        except ImageNotFound:
            sys.stderr.write(f"docker: pulling {image}\n")
            sys.stderr.flush()
            try:
                client.images.pull(image)
            except ENGINE_ERRORS as error:
                return f"not in the local engine, and pulling it failed: {reason(error)}"
        except APIError as error:  # not a name of an image at all
            return reason(error)
    return None


def local_image(image: str) -> bool:
    """Whether the engine has ``image``; pulls nothing.

    Raises:
        HarnessError: there is no engine.
    """
    with engine() as client:
        try:
            client.images.get(image)
        except ImageNotFound:
            return False
    return True


def remove_labelled(label: str) -> None:
    """Remove every container with ``label`` ("KEY=VALUE"), running or not.

    A container whose creation was asked for just before its owner was killed appears late, so this
    looks on until none has appeared for ``SETTLE`` seconds.

    Raises:
        HarnessError: the engine does not answer, or something cannot be removed.
    """
    with engine() as client:
        last_seen = started = time.monotonic()
        while time.monotonic() - last_seen < SETTLE:
            for container in client.containers.list(
                all=True, filters={"label": label}, ignore_removed=True
            ):
                last_seen = time.monotonic()
                try:
                    container.remove(force=True, v=True)
                except APIError as error:
                    # 404: gone meanwhile. 409: being removed, by somebody else.
                    expected = error.status_code in {404, 409}
                    if not expected or last_seen - started > GIVE_UP:
                        raise
            time.sleep(POLL)


def gateway_address() -> str:
    """Give the IPv4 address on this machine that containers reach as ``host-gateway``.

    The engine takes the address of its default bridge for that (``dockerd --host-gateway-ip``).
    Where this machine has no such interface (Docker Desktop), the answer is "0.0.0.0".

    Raises:
        HarnessError: there is no engine.
    """
    with engine() as client:
        bridges = client.networks.list(names=["bridge"])
    for bridge in bridges:
        name = (bridge.attrs.get("Options") or {}).get("com.docker.network.bridge.name", "")
        for address in psutil.net_if_addrs().get(name, []):
            if address.family == socket.AF_INET:
                return address.address
    return "0.0.0.0"  # noqa: S104 - the one address sure to be reached from a virtual machine


def reason(error: BaseException) -> str:
    """Put an engine error into one line: the engine's own words, or what the socket did."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())
    where = get_docker_host() or DEFAULT_SOCKET
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, FileNotFoundError):
            return f"no engine at {where}"
        if isinstance(link, PermissionError):
            return f"no permission to use {where}"
        if isinstance(link, ConnectionRefusedError):
            return f"no engine is running at {where}"
        if isinstance(link, TimeoutError):
            return f"the engine at {where} does not answer"
        link = link.__cause__ or link.__context__
    return " ".join(str(error).split()) or type(error).__name__


def _connect(timeout: int) -> docker.DockerClient:
    host = get_docker_host()
    url = urlsplit(host or DEFAULT_SOCKET)
    if url.scheme == "unix":
        # Asked first, since the docker library never closes a socket that it cannot connect.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(timeout)
            try:
                probe.connect(url.path)
            except OSError as error:
                raise DockerException(str(error)) from error
    environment = dict(os.environ)
    if host:
        environment["DOCKER_HOST"] = host
    return docker.DockerClient.from_env(timeout=timeout, environment=environment)
