"""What a case declares of the providers behind the proxy, before anything is started."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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

    @property
    def group_name(self) -> str:
        return self.group or self.name


def upstream_key(case: str, deployment: str) -> str:
    """The key the proxy must present for this deployment: unique, and the same in every run.

    It opens nothing; it is derived so that an exported config and a later run agree on it.
    """
    digest = hashlib.sha256(f"{case}/{deployment}".encode()).hexdigest()
    return f"upkey-{digest[:32]}"
