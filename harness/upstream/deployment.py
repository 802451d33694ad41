"""What a case declares of the providers behind the proxy, before anything is started."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

KEY_PATTERN = "upkey-[0-9a-f]{32}"  # the key of any deployment


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment that a case needs.

    Attributes:
        name: how the case calls it; unique within the case.
        dialect: provider protocol; None takes the case's ``dialect`` parameter, else ``openai``.
        model: LiteLLM model string with provider prefix; None takes the dialect's default.
        group: LiteLLM model group; None is a group of its own, named like the deployment.
        params: further ``litellm_params``, e.g. ``{"timeout": 1}``.
        info: further ``model_info``, e.g. ``{"supports_vision": False}``.
        listens: False makes ``api_base`` a port that refuses connections.
    """

    name: str = "default"
    dialect: str | None = None
    model: str | None = None
    group: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    listens: bool = True


def case_slug(name: str, details: str = "") -> str:
    """A case's name in URLs and model groups: readable, unique, the same in every run.

    ``details`` tells apart what has the same name. Free of slashes and dots, so that no gateway
    reads a provider prefix into it.
    """
    short = name.rsplit("::", 1)[-1].removeprefix("test_")
    readable = re.sub(r"[^a-z0-9]+", "-", short.lower()).strip("-")[:48].strip("-")
    return f"{readable}-{hashlib.sha256((name + details).encode()).hexdigest()[:6]}"


@dataclass(frozen=True, slots=True)
class Placed:
    """A deployment in its place: ``case`` is the slug of the case that owns it."""

    case: str
    deployment: Deployment
    dialect: str

    @property
    def group(self) -> str:
        """The model name that a client asks the proxy for."""
        name = self.deployment.group or self.deployment.name
        return self.case if name == "default" else f"{self.case}-{name}"

    @property
    def prefix(self) -> str:
        """The path below which this deployment's requests arrive; no trailing slash."""
        return f"/{self.case}/{self.deployment.name}"

    @property
    def key(self) -> str:
        """The key the proxy must present: unique, and the same in every run.

        It opens nothing; it is derived so that an exported config and a later run agree on it.
        """
        digest = hashlib.sha256(self.prefix.encode()).hexdigest()
        return f"upkey-{digest[:32]}"  # as KEY_PATTERN has it


def unique(placed: Iterable[Placed]) -> list[Placed]:
    """Each place once, in order."""
    return list({p.prefix: p for p in placed}.values())
