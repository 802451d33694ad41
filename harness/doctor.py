"""What this machine can run, and what is missing for the rest."""

from __future__ import annotations

from dataclasses import dataclass

from harness.proxies.engine import engine_problem, local_image
from harness.proxies.environment import installed
from harness.proxies.versions import IMAGE, LITELLM


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's. ``note`` says what it means for the user."""

    good: bool
    what: str
    note: str


def run() -> int:
    """Print the findings; always 0, since a process is enough to run everything."""
    for finding in findings():
        print(f"{'ok' if finding.good else '--':<3} {finding.what}: {finding.note}")  # noqa: T201
    return 0


def findings() -> list[Finding]:
    """Look at everything a run may need; installs and pulls nothing."""
    have = installed(LITELLM)
    found = [
        Finding(
            have,
            f"LiteLLM {LITELLM} as a process",
            "installed" if have else "the first run installs it from the package index",
        )
    ]
    problem = engine_problem()
    found.append(Finding(not problem, "Docker engine", problem or "answers"))
    if not problem:
        here = local_image(IMAGE)
        note = "here" if here else "not here; pull it, or run `conformance image build`"
        found.append(Finding(here, f"image {IMAGE}", note))
    return found
