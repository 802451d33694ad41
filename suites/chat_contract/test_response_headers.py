"""The headers of an answer: what LiteLLM documents, and what must not be there.

Contract: https://docs.litellm.ai/docs/proxy/response_headers
"""

import pytest

from harness.cases.errors import expect_error
from harness.cases.marks import both_modes, deployment, dialects, requirement
from harness.upstream.script import Usage, fails, says
from harness.verdicts import Wire
from harness.wire.expect import ABSENT, NOT_EMPTY, Like, contains, matches, require

NUMBER = Like("a number that is not negative", lambda seen: _number(seen) is not None)
LIMITS = {
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-limit-tokens": "30000",
    "x-ratelimit-remaining-tokens": "29976",
}
ANTHROPIC_LIMITS = {
    "anthropic-ratelimit-requests-limit": "500",
    "anthropic-ratelimit-requests-remaining": "499",
    "anthropic-ratelimit-tokens-limit": "30000",
    "anthropic-ratelimit-tokens-remaining": "29976",
}
PRICED = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.01}
# Of the provider's own headers these mean something else, or harm, when they come from the proxy.
BARE = {
    "Set-Cookie": "session=scripted",
    "openai-organization": "org-scripted",
    "openai-processing-ms": "12",
    "WWW-Authenticate": "Bearer realm=provider",
    "Strict-Transport-Security": "max-age=31536000",
    "Location": "https://provider.example/elsewhere",
    "x-scripted": "yes",
}


def _number(text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if value >= 0 else None


def about(value, tolerance=1e-9):
    """A number within the tolerance."""
    return Like(
        f"about {value}",
        lambda seen: _number(seen) is not None and abs(float(seen) - value) < tolerance,
    )


def answered(case, *, status=200, **headers):
    """The answer to one request, the provider sending these headers; ``_`` stands for ``-``."""
    case.upstream.will(says().with_headers(**headers))
    answer = case.ask()
    require(Wire.CLIENT, {"status": (status, answer.status)})
    return answer


@requirement("chat.headers.call-id")
@both_modes()
@dialects()
def test_every_answer_has_a_call_id_of_its_own(case):
    ids = [answered(case).headers.get("x-litellm-call-id", ABSENT) for _ in range(3)]
    require(Wire.CLIENT, {f"call id {n}": (NOT_EMPTY, id_) for n, id_ in enumerate(ids)})
    require(Wire.CLIENT, {"different call ids": (3, len(set(ids)))})


@requirement("chat.headers.call-id-on-error")
@both_modes()
@dialects()
@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_has_a_call_id(case, status):
    case.upstream.will(fails(status))
    case.ask().response.expect_headers({"x-litellm-call-id": NOT_EMPTY})


@requirement("chat.headers.model-id")
@both_modes()
@dialects()
@deployment(info={"id": "deployment-7c9f2a1b"})
def test_the_deployment_is_named(case):
    answered(case).response.expect_headers({"x-litellm-model-id": "deployment-7c9f2a1b"})


@requirement("chat.headers.model-group")
@both_modes()
@dialects()
def test_the_model_group_is_named(case):
    answered(case).response.expect_headers({"x-litellm-model-group": case.model})


@requirement("chat.headers.api-base")
@both_modes()
@dialects()
def test_the_providers_address_is_named(case):
    base = answered(case).headers.get("x-litellm-model-api-base") or ""
    named = "path" in case.upstream.is_named_in(base)
    require(Wire.CLIENT, {"base is the provider's": (True, named), "query": (False, "?" in base)})


@requirement("chat.headers.version")
@both_modes()
def test_the_version_is_named(case):
    answered(case).response.expect_headers({"x-litellm-version": matches(r"\d+\.\d+\.\d+.*")})


@requirement("chat.headers.attempts")
@both_modes()
@dialects()
def test_no_attempt_but_the_first_is_counted(case):
    none = {"x-litellm-attempted-retries": "0", "x-litellm-attempted-fallbacks": "0"}
    answered(case).response.expect_headers(none)


@requirement("chat.headers.durations")
@both_modes()
def test_durations_are_numbers(case):
    answered(case).response.expect_headers(
        {"x-litellm-response-duration-ms": NUMBER, "x-litellm-overhead-duration-ms": NUMBER}
    )


@requirement("chat.headers.cost")
@dialects()
@deployment(params=PRICED)
def test_the_cost_is_tokens_times_price(case):
    case.upstream.will(says(usage=Usage(prompt=100, completion=20)))
    case.ask().response.expect_headers({"x-litellm-response-cost": about(0.3)})


@requirement("chat.headers.cost-parts")
@dialects()
@deployment(params=PRICED)
def test_the_parts_of_the_cost_are_told(case):
    case.upstream.will(says(usage=Usage(prompt=100, completion=20)))
    parts = {
        "x-litellm-response-cost-input": about(0.1),
        "x-litellm-response-cost-output": about(0.2),
    }
    case.ask().response.expect_headers(parts)


@requirement("chat.headers.key-spend")
@both_modes()
def test_the_keys_spend_is_a_number(case):
    answered(case).response.expect_headers({"x-litellm-key-spend": NUMBER})


@requirement("chat.headers.provider")
@both_modes()
@dialects()
def test_the_providers_headers_come_with_a_prefix(case):
    answer = answered(case, x_scripted="Yes, 1", openai_version="2020-10-01")
    answer.response.expect_headers(
        {"llm_provider-x-scripted": "Yes, 1", "llm_provider-openai-version": "2020-10-01"}
    )


@requirement("chat.headers.rate-limits")
@both_modes()
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_the_providers_rate_limits_come_in_openais_words(case, dialect):
    said = ANTHROPIC_LIMITS if dialect == "anthropic" else LIMITS
    answered(case, **said).response.expect_headers(LIMITS)


@requirement("chat.headers.no-bare-provider")
@both_modes()
@dialects()
@pytest.mark.parametrize("status", [200, 401, 500])
def test_no_provider_header_passes_for_the_proxys_own(case, status):
    said = {name.replace("-", "_"): value for name, value in BARE.items()}
    case.upstream.will(
        says().with_headers(**said) if status == 200 else fails(status, headers=BARE)
    )
    answer = case.ask()
    require(Wire.CLIENT, {"status": (status, answer.status)})
    bare = [name for name, value in BARE.items() if value in answer.headers.all(name)]
    require(Wire.CLIENT, {"provider's headers without a prefix": ([], bare)})


@requirement("chat.headers.framing")
@both_modes()
@pytest.mark.parametrize("status", [200, 500])
def test_the_provider_does_not_frame_the_answer(case, status):
    odd = {"Connection": "close", "Keep-Alive": "timeout=1", "Trailer": "x-end"}
    said = {name.replace("-", "_"): value for name, value in odd.items()}
    case.upstream.will(says().with_headers(**said) if status == 200 else fails(status, headers=odd))
    headers = case.ask().headers
    lengths, codings = headers.all("content-length"), headers.all("transfer-encoding")
    require(
        Wire.CLIENT,
        {
            "ways that the body's length is told": (1, len(lengths) + len(codings)),
            "trailer": (None, headers.get("trailer")),
            "keep-alive": (None, headers.get("keep-alive")),
        },
    )


@requirement("chat.headers.content-type")
@both_modes()
@dialects()
def test_the_content_type_is_that_of_the_mode(case):
    kind = answered(case).headers.get("content-type")
    wanted = "text/event-stream" if case.stream else "application/json"
    require(Wire.CLIENT, {"content type": (contains(wanted), kind)})


@requirement("chat.headers.error-content-type")
@both_modes()
@dialects()
@pytest.mark.parametrize("kind", ["text/html", "text/event-stream", "application/problem+json"])
def test_an_error_is_json_whatever_the_provider_says(case, kind):
    case.upstream.will(fails(500, content_type=kind))
    expect_error(case.ask(), 500)
