"""Runs one mutant: a LiteLLM of the pinned version between two relays."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import yaml

from harness.mutants.registry import everything
from harness.mutants.relay import Relay
from harness.proxies.command import free_port
from harness.proxies.environment import environment
from harness.proxies.versions import LITELLM


def main() -> int:
    known = everything()
    parser = argparse.ArgumentParser(prog="python -m harness.mutants", description=__doc__)
    parser.add_argument("name", choices=["none", *known], metavar="NAME", help="or none")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    args = parser.parse_args()
    config = yaml.safe_load(args.config.read_text())
    inner = free_port()
    relay = Relay(
        proxy_url=f"http://127.0.0.1:{inner}",
        mutants=[known[args.name]] if args.name in known else [],
    )
    origin = provider_url(config)
    relay.start(args.host, provider_url=origin, port=args.port)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(yaml.safe_dump(redirected(config, origin, relay.provider_side)))
        program = str(environment(LITELLM))
        words = [program, "--config", str(path), "--host", "127.0.0.1", "--port", str(inner)]
        return subprocess.run(words, check=False).returncode  # noqa: S603


def provider_url(config: Any) -> str:
    """The address that most deployments point at; the others refuse connections on purpose."""
    bases = (entry["litellm_params"].get("api_base", "") for entry in config["model_list"])
    origins = Counter("{0.scheme}://{0.netloc}".format(urlsplit(base)) for base in bases)
    return origins.most_common(1)[0][0] if origins else ""


def redirected(config: Any, origin: str, to: str) -> Any:
    """The config with every deployment at ``origin`` moved to ``to``."""
    for entry in config["model_list"]:
        base = entry["litellm_params"].get("api_base", "")
        if base.startswith(origin + "/"):
            entry["litellm_params"]["api_base"] = to + base.removeprefix(origin)
    return config


if __name__ == "__main__":
    sys.exit(main())
