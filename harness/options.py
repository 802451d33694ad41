"""The options of ``pytest suites/``, and what they say together."""

from __future__ import annotations

import os
import re

import pytest

from harness.proxies.choose import Wanted
from harness.proxies.versions import IMAGE, LITELLM
from harness.run import Options
from harness.verdicts import HarnessError


def add_options(parser: pytest.Parser) -> None:
    """Register them with pytest."""
    group = parser.getgroup("conformance", "conformance of an LLM gateway")
    group.addoption(
        "--proxy",
        default="auto",
        metavar="KIND",
        help="auto (a container if Docker has the image, else a process), process, container, "
        "or the URL of a proxy that runs; default: auto",
    )
    group.addoption(
        "--proxy-command",
        metavar="'CMD … --config {config} --host {host} --port {port}'",
        help="test any build or wrapper of a gateway that takes a LiteLLM config",
    )
    group.addoption("--litellm", metavar="VERSION", help=f"of the process; default: {LITELLM}")
    group.addoption("--image", metavar="IMAGE", help=f"of the container; default: {IMAGE}")
    group.addoption(
        "--proxy-key", metavar="KEY", help="of a proxy that runs; default: $LITELLM_API_KEY"
    )
    group.addoption(
        "--proxy-timeout",
        type=float,
        default=90.0,
        metavar="SECONDS",
        help="until the proxy must be ready; default: 90",
    )
    group.addoption(
        "--upstream-listen",
        metavar="HOST:PORT",
        help="where the scripted upstream listens; for a proxy that runs with the config that "
        "`conformance config` prints",
    )
    group.addoption(
        "--requirement",
        action="append",
        default=[],
        metavar="GLOB",
        help="run only the cases of these requirements, e.g. 'chat.stream.*'; may be repeated",
    )
    group.addoption(
        "--baseline",
        metavar="FILE|none",
        help="known failures; default: what suites/baselines/ has for the version that runs",
    )
    group.addoption(
        "--write-baseline",
        metavar="FILE",
        help="write the failures of this run as baseline rows, their reasons left to be filled in",
    )


def read_options(config: pytest.Config) -> Options:
    """The options of a run.

    Raises:
        HarnessError: an option is malformed.
    """
    listen = config.getoption("upstream_listen")
    parsed: tuple[str, int] | None = None
    if listen is not None:
        found = re.fullmatch(r"(.+):(\d{1,5})", listen)
        if not found or int(found[2]) > 65535:
            raise HarnessError(
                f"--upstream-listen {listen} is no HOST:PORT", fix="write it like 127.0.0.1:4010"
            )
        parsed = (found[1].strip("[]"), int(found[2]))
    timeout = config.getoption("proxy_timeout")
    if timeout <= 0:
        raise HarnessError("--proxy-timeout must be above 0", fix="give a number of seconds")
    return Options(
        wanted=Wanted(
            proxy=config.getoption("proxy"),
            command=config.getoption("proxy_command"),
            litellm=config.getoption("litellm"),
            image=config.getoption("image"),
            timeout=timeout,
        ),
        key=config.getoption("proxy_key") or os.environ.get("LITELLM_API_KEY"),
        listen=parsed,
    )
