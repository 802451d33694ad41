"""Mutants that spoil the headers of an answer."""

from __future__ import annotations

from harness.mutants.registry import Reply, Stage, mutant

PREFIX = "llm_provider-"


def _drop(reply: Reply, prefix: str) -> None:
    for name in {name for name in reply.headers if name.lower().startswith(prefix)}:
        reply.headers.popall(name, None)


@mutant(Stage.HEAD)
def no_litellm_headers(reply: Reply) -> None:
    """Sends none of LiteLLM's own headers."""
    _drop(reply, "x-litellm-")


@mutant(Stage.HEAD)
def one_call_id(reply: Reply) -> None:
    """Gives every answer the same call id."""
    reply.headers["x-litellm-call-id"] = "00000000-0000-4000-8000-000000000000"


@mutant(Stage.HEAD)
def one_model_id(reply: Reply) -> None:
    """Names the same deployment and group in every answer."""
    reply.headers["x-litellm-model-id"] = reply.headers["x-litellm-model-group"] = "default"


@mutant(Stage.HEAD)
def query_in_api_base(reply: Reply) -> None:
    """Shows the query of the provider's address."""
    reply.headers["x-litellm-model-api-base"] = (
        reply.headers.get("x-litellm-model-api-base", "") + "?api-version=1"
    )


@mutant(Stage.HEAD)
def counts_a_retry(reply: Reply) -> None:
    """Counts the first attempt as a retry."""
    reply.headers["x-litellm-attempted-retries"] = "1"


@mutant(Stage.HEAD)
def double_cost(reply: Reply) -> None:
    """Charges everything twice."""
    for part in ("", "-input", "-output"):
        name = "x-litellm-response-cost" + part
        if name in reply.headers:
            reply.headers[name] = str(2 * float(reply.headers[name]))


@mutant(Stage.HEAD)
def no_provider_headers(reply: Reply) -> None:
    """Keeps the provider's headers to itself."""
    _drop(reply, PREFIX)


@mutant(Stage.HEAD)
def lower_case_values(reply: Reply) -> None:
    """Changes the values of the provider's headers."""
    for name in {name for name in reply.headers if name.lower().startswith(PREFIX)}:
        reply.headers[name] = reply.headers[name].lower()


@mutant(Stage.HEAD)
def no_rate_limits(reply: Reply) -> None:
    """Keeps the provider's rate limits to itself."""
    _drop(reply, "x-ratelimit-")


@mutant(Stage.HEAD)
def bare_provider_headers(reply: Reply) -> None:
    """Sends the provider's headers under their own names as well."""
    kept = {"set-cookie", "openai-organization", "www-authenticate", "location", "x-scripted"}
    for name, value in list(reply.headers.items()):
        bare = name.lower().removeprefix(PREFIX)
        if bare in kept:
            reply.headers[bare] = value


@mutant(Stage.HEAD)
def passes_connection_headers(reply: Reply) -> None:
    """Passes the provider's connection headers on."""
    reply.headers["Keep-Alive"] = "timeout=1"
    reply.headers["Trailer"] = "x-end"
