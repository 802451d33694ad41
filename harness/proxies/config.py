"""Compiles the deployments of all cases into one LiteLLM config.

Rule: https://docs.litellm.ai/docs/proxy/config_settings
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from harness.upstream.deployment import Placed
from harness.upstream.dialects.registry import DIALECTS

REFUSING = "http://127.0.0.1:9"  # the discard port, where nothing listens


def litellm_config(
    deployments: Iterable[Placed], upstream_url: str, *, refusing_url: str = REFUSING
) -> str:
    """YAML for ``litellm --config``; the master key is read from ``LITELLM_MASTER_KEY``.

    Retries and cooldowns are off, so that a case sees each request once and no case can put
    another's deployment to sleep. Everything else is LiteLLM's default.

    Args:
        deployments: of every case that the proxy has to serve.
        upstream_url: the scripted upstream as the proxy reaches it; no trailing slash.
        refusing_url: where deployments point that must refuse connections.
    """
    document: dict[str, Any] = {
        "model_list": [
            _entry(placed, upstream_url if placed.deployment.listens else refusing_url)
            for placed in deployments
        ],
        "litellm_settings": {"num_retries": 0},
        "router_settings": {"disable_cooldowns": True, "num_retries": 0},
        "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _entry(placed: Placed, base: str) -> dict[str, Any]:
    dialect = DIALECTS[placed.dialect]
    params = {
        "model": placed.deployment.model or dialect.model,
        **dialect.litellm_params(base + placed.prefix, placed.key),
        **placed.deployment.params,
    }
    entry: dict[str, Any] = {"model_name": placed.group, "litellm_params": params}
    if placed.deployment.info:
        entry["model_info"] = dict(placed.deployment.info)
    return entry
