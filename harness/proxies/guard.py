"""A small process that outlives pytest just long enough to clean up after it.

``python -m harness.proxies.guard [--label KEY=VALUE] [--folder DIR] [-- CMD ARG...]`` runs ``CMD``
and holds standard input. When that pipe closes, because pytest stopped it, crashed or was killed
with SIGKILL, the guard ends everything ``CMD`` ever started, and removes the folder and the
containers that carry the label. It lives in a session of its own, so a Ctrl-C in the terminal does
not reach it.

On Linux the guard is a child subreaper: a daemon that forks twice and calls ``setsid`` still
becomes its child, and is ended too. Elsewhere it ends the descendants that it has seen.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import selectors
import shutil
import signal
import subprocess
import sys
import threading
from types import FrameType

import psutil

PR_SET_CHILD_SUBREAPER = 36
GRACE = (
    1.0  # seconds between SIGTERM and SIGKILL; LiteLLM needs 0.3, or for ever with a stalled stream
)


def become_subreaper() -> None:
    """Adopt orphaned descendants (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> list[psutil.Process]:
    """Everything below this process that is not a zombie."""
    found = psutil.Process().children(recursive=True)
    return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def end_descendants(grace: float = GRACE) -> None:
    """SIGTERM, then SIGKILL, until nothing is left; new children of dying ones included."""
    for process in descendants():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(descendants(), timeout=grace)
    while left := descendants():
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=1)


def wait_for_either(child: subprocess.Popen[bytes] | None) -> int | None:
    """Block until standard input closes (None) or the child exits (its code)."""
    exited, woken = os.pipe()
    if child is not None:

        def watch() -> None:
            child.wait()
            os.write(woken, b"x")

        threading.Thread(target=watch, daemon=True).start()
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(exited, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == 0 and not os.read(0, 4096):
                    return None
                if key.fd == exited and child is not None:
                    return child.returncode


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="guard", description=__doc__)
    parser.add_argument("--label", help="remove containers that carry this label at the end")
    parser.add_argument("--folder", help="remove this folder at the end")
    parser.add_argument("command", nargs="*")
    args = parser.parse_args(argv)

    def stop(signum: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signum)

    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signum, stop)
    become_subreaper()
    child = None
    if args.command:
        child = subprocess.Popen(args.command, stdin=subprocess.DEVNULL)  # noqa: S603 - the user's
    code = None
    try:
        code = wait_for_either(child)
    finally:
        end_descendants()
        if args.label:
            # Imported only here: it takes longer than a guard without containers lives.
            from harness.proxies.engine import remove_labelled  # noqa: PLC0415

            remove_labelled(args.label)
        if args.folder and code is None:  # else its owner lives, and wants to read the log
            shutil.rmtree(args.folder, ignore_errors=True)
    return 0 if code is None else code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
