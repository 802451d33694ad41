"""Environments of LiteLLM, one per version, made by ``uv`` and kept in the user's cache.

LiteLLM pins many libraries, so it never shares ours. An old version is given the libraries of its
own time: later ones break it.
"""

from __future__ import annotations

import datetime
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from uv import find_uv_bin

from harness.verdicts import HarnessError

# Without it LiteLLM answers 500 where it means 401, even with no database (BerriAI/litellm#35457).
PRISMA = "prisma==0.11.0"
# Libraries that came out up to this long after a version of LiteLLM may go with it.
SLACK = datetime.timedelta(days=2)


def cache_root() -> Path:
    """Where environments are kept: ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "litellm-conformance"


def environment(version: str) -> Path:
    """The ``litellm`` program of ``version``, installed first if need be (about ten seconds).

    Raises:
        HarnessError: no such version, or the package index cannot be reached.
    """
    if not re.fullmatch(r"\d+(\.\w+)+", version):
        raise HarnessError(
            f"{version!r} is not a version of LiteLLM", fix="write it like --litellm 1.106.2"
        )
    folder, program, done = _places(version)
    if done.exists() and program.exists():
        return program
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once: the second waits and finds it done
        if not done.exists():
            print(f"installing LiteLLM {version} into {folder} …", file=sys.stderr)  # noqa: T201
            try:
                _install(version, folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            done.touch()
    return program


def installed(version: str) -> bool:
    """Whether the environment of ``version`` is there; installs nothing."""
    _, program, done = _places(version)
    return done.exists() and program.exists()


def _places(version: str) -> tuple[Path, Path, Path]:
    """Where an environment is: its folder, its program, and the mark that it is whole."""
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache_root() / "environments" / f"litellm-{version}-{python}"
    return folder, folder / "bin" / "litellm", folder / ".complete"


def _install(version: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    until = (released(version) + SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    _uv("venv", "--python", sys.executable, str(folder))
    python = str(folder / "bin" / "python")
    wanted = [f"litellm[proxy]=={version}", PRISMA]
    _uv("pip", "install", "--python", python, "--exclude-newer", until, *wanted)


def released(version: str) -> datetime.datetime:
    """When that version was uploaded, as the package index says."""
    requirement = f"litellm=={version}\n"
    lock = _uv("pip", "compile", "--no-deps", "--format", "pylock.toml", "-", stdin=requirement)
    package = tomllib.loads(lock)["packages"][0]
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    times = [file["upload-time"] for file in files if "upload-time" in file]
    return max(times) if times else datetime.datetime.now(datetime.UTC)


def _uv(*args: str, stdin: str = "") -> str:
    words = [find_uv_bin(), "--quiet", *args]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip()
    if "no version of litellm" in said:
        raise HarnessError(
            "the package index has no such version of LiteLLM",
            fix="give --litellm a version from https://docs.litellm.ai/release_notes",
            detail=said,
        )
    raise HarnessError(
        f"uv {args[0]} failed",
        fix="check that the package index can be reached, then run again",
        detail=said,
    )
