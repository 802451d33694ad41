"""The marks that a case carries."""

from __future__ import annotations

from typing import Any

import pytest

from harness.upstream.deployment import Deployment

ALL_DIALECTS = ("openai", "anthropic", "gemini")


def requirement(*ids: str) -> pytest.MarkDecorator:
    """The rows of the ledger that this case checks."""
    return pytest.mark.requirement(*ids)


def deployments(*wanted: Deployment) -> pytest.MarkDecorator:
    """The deployments that the case needs, instead of one called ``default``."""
    return pytest.mark.deployments(*wanted)


def deployment(**settings: Any) -> pytest.MarkDecorator:
    """One ``default`` deployment with these settings, see ``Deployment``."""
    return pytest.mark.deployments(Deployment(**settings))


def last() -> pytest.MarkDecorator:
    """Run the case after the others: some release's whole proxy stopped at it, for good."""
    return pytest.mark.last


def dialects(*names: str) -> pytest.MarkDecorator:
    """Run the case once for each of these provider protocols; all of them by default."""
    return pytest.mark.parametrize("dialect", names or ALL_DIALECTS)


def streamed() -> pytest.MarkDecorator:
    """Run the case streaming."""
    return pytest.mark.parametrize("stream", [True], ids=["stream"])


def both_modes() -> pytest.MarkDecorator:
    """Run the case once non-streaming and once streaming."""
    return pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
