"""Turns what the user asked for into a runner.

For ``auto``, in this order:
1. a container, if a Docker engine answers and the image is there or can be pulled;
2. else a local process.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.proxies.base import Runner
from harness.proxies.command import CommandRunner
from harness.proxies.container import ContainerRunner
from harness.proxies.engine import engine_problem, image_problem
from harness.proxies.process import ProcessRunner
from harness.proxies.url import UrlRunner
from harness.proxies.versions import IMAGE, LITELLM
from harness.verdicts import HarnessError

KINDS = ("auto", "process", "container")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The proxy options of a run, as given."""

    proxy: str = "auto"
    command: str | None = None
    litellm: str | None = None
    image: str | None = None
    timeout: float = 90.0
    upstream_host: str = "127.0.0.1"


def choose(wanted: Wanted) -> Runner:
    """The runner for these options.

    Raises:
        HarnessError: options that contradict each other, or an unknown kind of proxy.
    """
    _check(wanted)
    if wanted.command is not None:
        return CommandRunner(wanted.command, why="--proxy-command", timeout=wanted.timeout)
    if wanted.proxy.startswith(("http://", "https://")):
        return UrlRunner(wanted.proxy, upstream_host=wanted.upstream_host, why="--proxy URL")
    if wanted.proxy == "auto":
        return _automatic(wanted)
    make = _process if wanted.proxy == "process" else _container
    return make(wanted, f"--proxy {wanted.proxy}")


def _automatic(wanted: Wanted) -> Runner:
    if wanted.litellm is not None:
        return _process(wanted, "auto: --litellm asks for a version")
    problem = engine_problem() or image_problem(wanted.image or IMAGE)
    if not problem:
        return _container(wanted, "auto: a Docker engine answers and has the image")
    if wanted.image is not None:
        raise HarnessError(
            f"no container of {wanted.image}: {problem}",
            fix="correct --image, or build one with `conformance image build`",
        )
    return _process(wanted, f"auto: {problem}")


def _process(wanted: Wanted, why: str) -> Runner:
    return ProcessRunner(wanted.litellm or LITELLM, why=why, timeout=wanted.timeout)


def _container(wanted: Wanted, why: str) -> Runner:
    return ContainerRunner(wanted.image or IMAGE, why=why, timeout=wanted.timeout)


def _check(wanted: Wanted) -> None:
    url = wanted.proxy.startswith(("http://", "https://"))
    if not url and wanted.proxy not in KINDS:
        raise HarnessError(
            f"--proxy {wanted.proxy} is no kind of proxy",
            fix=f"give one of {', '.join(KINDS)}, or a URL like http://localhost:4000",
        )
    if wanted.command is not None and wanted.proxy != "auto":
        raise HarnessError(
            "--proxy-command and --proxy both say what to test", fix="give one of them"
        )
    process = wanted.command is None and wanted.proxy in ("auto", "process")
    if wanted.litellm is not None and not process:
        raise HarnessError(
            "--litellm is for a local process", fix="give --image for a container, or leave it out"
        )
    if wanted.image is not None and (wanted.command or wanted.proxy not in ("auto", "container")):
        raise HarnessError(
            "--image is for a container", fix="give --proxy container with it, or leave it out"
        )
