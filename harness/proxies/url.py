"""A proxy that somebody else runs."""

from __future__ import annotations

import httpx

from harness.proxies.base import Endpoint
from harness.verdicts import HarnessError


class UrlRunner:
    """Answers at ``url``; started, configured and stopped by its owner, never by us."""

    name = "url"

    def __init__(self, url: str, *, upstream_host: str, why: str) -> None:
        self._url = url.rstrip("/").removesuffix("/v1")
        self.upstream_host = upstream_host
        self.why = why

    def upstream_url(self, port: int) -> str:
        return f"http://{self.upstream_host}:{port}"

    def start(self, config: str, key: str) -> Endpoint:  # noqa: ARG002 - its owner configured it
        """Check that a gateway answers there and takes the key; ``config`` is not used."""
        try:
            answer = httpx.get(
                f"{self._url}/v1/models",
                headers={"Authorization": f"Bearer {key}"},
                timeout=10,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise HarnessError(
                f"no proxy answers at {self._url} ({type(error).__name__})",
                fix="start it, or correct the URL given to --proxy",
            ) from None
        kind = answer.headers.get("content-type", "no content type")
        if answer.status_code in (400, 401, 403):
            raise HarnessError(
                f"the proxy at {self._url} refuses the key (status {answer.status_code})",
                fix="give its key with --proxy-key, or in LITELLM_API_KEY",
            )
        if "json" not in kind:
            raise HarnessError(
                f"what answers at {self._url} is not a gateway "
                f"(GET /v1/models: status {answer.status_code}, {kind})",
                fix="give --proxy the base URL of the gateway, like http://localhost:4000",
            )
        return Endpoint(self._url, key)

    def log(self) -> str:
        return ""

    def stop(self) -> None:
        """Nothing to stop: it is not ours."""
