"""The ``conformance`` command: what there is to do around a run.

The run itself is ``pytest suites/``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from harness import doctor
from harness.cases.collect import declared
from harness.contract.ledger import load_ledger
from harness.proxies import image
from harness.proxies.config import litellm_config
from harness.verdicts import ExitCode, HarnessError


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; its exit code."""
    parser = _parser()
    args, rest = parser.parse_known_args(argv)
    if rest and args.run is not _mutants:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    args.rest = rest
    try:
        return int(args.run(args))
    except HarnessError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return ExitCode.HARNESS_ERROR
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # e.g. `conformance requirements | head`
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    config = commands.add_parser(
        "config", help="print the LiteLLM config for a proxy that you run yourself"
    )
    config.add_argument(
        "--upstream-url",
        required=True,
        metavar="URL",
        help="where your proxy will reach the scripted upstream, e.g. http://127.0.0.1:4010",
    )
    config.add_argument("--suites", type=Path, default=Path("suites"), metavar="DIR")
    config.set_defaults(run=_config)

    requirements = commands.add_parser("requirements", help="list the ledger")
    requirements.add_argument("--suites", type=Path, default=Path("suites"), metavar="DIR")
    requirements.set_defaults(run=_requirements)

    check = commands.add_parser(
        "doctor", help="tell what this machine can run, and what is missing"
    )
    check.set_defaults(run=lambda _: doctor.run())

    broken = commands.add_parser(
        "mutants",
        help="prove that the cases can fail: run them against broken gateways",
        description="Options that are not listed here go to pytest, e.g. -v or --proxy.",
    )
    broken.add_argument("pattern", nargs="?", default="*", metavar="GLOB", help="of mutants or ids")
    broken.add_argument(
        "--legal", action="store_true", help="run all cases under legal variations instead"
    )
    broken.add_argument("--suites", type=Path, default=Path("suites"), metavar="DIR")
    broken.set_defaults(run=_mutants)

    images = commands.add_parser("image", help="container images").add_subparsers(
        required=True, metavar="COMMAND"
    )
    build = images.add_parser("build", help="build an image of LiteLLM without a registry")
    image.add_arguments(build)
    build.set_defaults(run=image.run)
    return parser


def _config(args: argparse.Namespace) -> int:
    url = args.upstream_url.rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise HarnessError(
            f"--upstream-url {args.upstream_url} is no URL",
            fix="write it like http://127.0.0.1:4010",
        )
    print(litellm_config(declared(args.suites), url), end="")  # noqa: T201
    return 0


def _mutants(args: argparse.Namespace) -> int:
    _check_suites(args.suites)
    # Imported only here: pytest has to see the plugin before anybody else does.
    from harness.mutants.matrix import Matrix  # noqa: PLC0415

    words = [str(args.suites), "--proxy=process", "-p", "no:cacheprovider", *args.rest]
    return int(pytest.main(words, plugins=[Matrix(args.pattern, legal=args.legal)]))


def _requirements(args: argparse.Namespace) -> int:
    _check_suites(args.suites)
    for row in load_ledger(args.suites / "requirements").values():
        print(f"{row.level:<7} {row.id:<40} {row.text}")  # noqa: T201
    return 0


def _check_suites(folder: Path) -> None:
    if not (folder / "requirements").is_dir():
        raise HarnessError(
            f"no suites in {folder}", fix="run this where suites/ is, or give --suites DIR"
        )


if __name__ == "__main__":
    sys.exit(main())
