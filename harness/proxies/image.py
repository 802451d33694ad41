"""Builds an image of LiteLLM without an image registry: from apt's mirror and the package index.

``conformance image build`` makes the root file system of the Debian or Ubuntu release that this
machine runs, imports it as a base image, and installs LiteLLM into a container of that, which
becomes the image. It takes the same arguments as the official one:
https://github.com/BerriAI/litellm/blob/main/docker/prod_entrypoint.sh
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

import docker
from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container
from docker.types import Mount
from docker.utils import parse_repository_tag
from uv import find_uv_bin

from harness.proxies.command import tail
from harness.proxies.engine import NO_ENGINE_FIX, engine, engine_problem
from harness.proxies.environment import PRISMA, SLACK, released
from harness.proxies.versions import LITELLM
from harness.verdicts import HarnessError

BASE = "conformance/base"  # one tag per release of the distribution
DEFAULT_TAG = "conformance/litellm:{version}"
EXAMPLE = DEFAULT_TAG.format(version=LITELLM)
# https://docs.docker.com/reference/cli/docker/image/tag/
NAME = r"([a-z0-9.-]+(:\d+)?/)?[a-z0-9._/-]+:\w[\w.-]{0,127}"
PACKAGES = "ca-certificates,python3"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
VENV = "/opt/litellm"
UV, CERTIFICATES = "/run/uv", "/run/certificates.pem"  # this machine's, while it installs
LIFETIME = "3600"  # seconds after which an abandoned build container ends, and so removes itself
SILENCE = 1800  # seconds without a word from the engine
# How this machine reaches its package index holds inside too. It does not stay in the image, for
# it may hold passwords.
PASSED_ON = {
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
}
CHANGES = [
    f"ENV PATH={VENV}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "WORKDIR /app",
    "EXPOSE 4000/tcp",
    'ENTRYPOINT ["litellm"]',
    'CMD ["--port", "4000"]',
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``conformance image build`` takes."""
    parser.add_argument(
        "--litellm", metavar="VERSION", default=LITELLM, help="version to install (%(default)s)"
    )
    parser.add_argument(
        "--tag", help=f"name of the image ({DEFAULT_TAG.format(version='VERSION')})"
    )


def run(args: argparse.Namespace) -> int:
    """Build as the arguments say, print the image's name on stdout, give the exit code.

    Raises:
        HarnessError: see ``build``.
    """
    tag = args.tag or DEFAULT_TAG.format(version=args.litellm)
    build(args.litellm, tag)
    sys.stdout.write(f"{tag}\n")
    return 0


def build(version: str, tag: str) -> None:
    """Leave an image of LiteLLM ``version`` in the local engine, named ``tag``.

    Takes about a minute, of which the base image, made once, is the larger part. Tells of each
    step on stderr. An image of that name is replaced.

    Raises:
        HarnessError: no engine, no such version, debootstrap missing or without the rights of
            root, or the mirror or the package index cannot be reached.
    """
    if problem := engine_problem():
        raise HarnessError(f"no Docker engine can be used: {problem}", fix=NO_ENGINE_FIX)
    repository, name = parse_repository_tag(tag)
    if not re.fullmatch(NAME, f"{repository}:{name or 'latest'}"):
        raise HarnessError(
            f"{tag!r} is not a name for an image", fix=f"write it like --tag {EXAMPLE}"
        )
    until = (released(version) + SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    with engine(SILENCE) as client:
        base = _base(client)
        _say(f"{tag}: installing LiteLLM {version} (about 20 s)")
        container = client.containers.run(
            base,
            ["sleep", LIFETIME],
            detach=True,
            auto_remove=True,
            network_mode="host",  # the index, or the way to it, may be on this very machine
            # Not volumes: docker declares those in the image too.
            mounts=[
                Mount(UV, find_uv_bin(), type="bind", read_only=True),
                Mount(CERTIFICATES, str(_certificates()), type="bind", read_only=True),
            ],
        )
        try:
            _install(container, version, until)
            replaced = client.images.list(tag)
            container.commit(repository, name or "latest", changes="\n".join(CHANGES))
            for old in replaced:
                with contextlib.suppress(APIError):  # it has another name too, or is in use
                    client.images.remove(str(old.id))
        finally:
            with contextlib.suppress(APIError):  # gone, or going, by itself
                container.remove(force=True)
    _say(f"{tag}: done")


def _install(container: Container, version: str, until: str) -> None:
    passed = {k: v for k, v in os.environ.items() if k.upper() in PASSED_ON}
    venv = [UV, "venv", "--no-config", "--python", "/usr/bin/python3", VENV]
    install = [UV, "pip", "install", "--no-config", "--no-cache", "--compile-bytecode"]
    install += ["--python", f"{VENV}/bin/python", "--exclude-newer", until]
    install += [f"litellm[proxy]=={version}", PRISMA]
    for command in (venv, install):
        code, output = container.exec_run(
            command, environment={**passed, "SSL_CERT_FILE": CERTIFICATES}
        )
        if code != 0:
            said = output if isinstance(output, bytes) else b"".join(output)
            raise HarnessError(
                f"installing LiteLLM {version} into the image failed",
                fix="check that the package index can be reached, then run again",
                detail=tail(said.decode(errors="replace")),
            )


def _base(client: docker.DockerClient) -> str:
    """The base image for this machine's release; made if it is not in the engine yet."""
    try:
        codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    except (OSError, KeyError):
        codename = ""
    if not codename or shutil.which("apt-get") is None:
        raise HarnessError(
            "an image can be built on Debian or Ubuntu only",
            fix="build it there and move it with `docker save` and `docker load`",
        )
    name = f"{BASE}:{codename}"
    try:
        client.images.get(name)
    except ImageNotFound:
        mirror = _mirror(codename)
        if shutil.which("debootstrap") is None:
            raise HarnessError(
                "debootstrap is missing, which makes the base image",
                fix="apt-get install debootstrap",
            ) from None
        if os.geteuid() != 0:
            raise HarnessError(
                "making the base image needs the rights of root",
                fix="run this command once with sudo; later builds need none",
            ) from None
        _say(f"{name}: making the base image from {mirror} (about 40 s)")
        with tempfile.TemporaryDirectory(prefix="conformance-image-") as folder:
            archive = _root_file_system(codename, mirror, Path(folder))
            client.api.import_image_from_file(str(archive), repository=BASE, tag=codename)
        client.images.get(name)
    return name


def _root_file_system(codename: str, mirror: str, folder: Path) -> Path:
    """Make the tar archive of a small system with Python inside ``folder``."""
    root, archive = folder / "root", folder / "root.tar"
    # A mount namespace of its own: what debootstrap mounts below the folder is gone with it, even
    # when it is interrupted, so that clearing the folder cannot reach into /proc.
    make = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={PACKAGES}"]
    make += [codename, str(root), mirror]
    _checked(make, fix="check that the mirror can be reached, then run again")
    pack = ["tar", "-C", str(root), "-cf", str(archive)]
    pack += ["--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*", "."]
    _checked(pack, fix="look for free space in the temporary folder ($TMPDIR)")
    return archive


def _mirror(codename: str) -> str:
    """The URL that apt gets the release itself from."""
    form = "$(RELEASE) $(COMPONENT) $(SITE)"
    targets = _checked(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        fix="mend apt's sources until `apt-get update` works",
    )
    for target in targets.splitlines():
        release, component, site = target.split(" ", 2)
        if (release, component) == (codename, "main"):
            if site.startswith("mirror+file:"):  # a file with one mirror per line, best first
                site = Path(site.removeprefix("mirror+file:")).read_text().split()[0]
            return site
    raise HarnessError(
        f"apt's sources name no mirror for {codename}", fix=f"add one for {codename} main"
    )


def _certificates() -> Path:
    """The authorities that this machine trusts, its own additions included."""
    found = ssl.get_default_verify_paths().cafile  # heeds SSL_CERT_FILE
    return Path(found) if found else SYSTEM_CERTIFICATES


def _checked(command: list[str], *, fix: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed programs, and words from apt's own sources
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise HarnessError(f"{command[0]} failed", fix=fix, detail=tail(done.stdout))
    return done.stdout


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
