"""Errors that a provider answers with: status, envelope, words and ``Retry-After``.

Contract: https://docs.litellm.ai/docs/proxy/error_reference and
https://platform.openai.com/docs/guides/error-codes
"""

import pytest

from harness.cases.errors import (
    code_for,
    error_field,
    expect_envelope,
    expect_error,
    says_none,
    type_for,
)
from harness.cases.marks import both_modes, dialects, requirement
from harness.contract import sdk
from harness.upstream.script import fails
from harness.verdicts import Wire
from harness.wire.expect import contains, is_a, require

pytestmark = both_modes()

EVERY = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
USUAL = (400, 401, 403, 429, 500, 503)
EXCEPTIONS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    500: "InternalServerError",
    503: "InternalServerError",
}
WORDS = "The scripted provider refuses."
UNICODE = "Zürich, 日本語, 🦜."
TOO_LONG = {
    "openai": "This model's maximum context length is 8192 tokens. However, your messages "
    "resulted in 9000 tokens. Please reduce the length of the messages.",
    "anthropic": "prompt is too long: 200480 tokens > 200000 maximum",
    "gemini": "The input token count (1048577) exceeds the maximum number of tokens allowed "
    "(1048576).",
}
FILTERED = {
    "openai": "Your request was rejected as a result of our safety system.",
    "anthropic": "Output blocked by content filtering policy",
}


def failures(case):
    """The answers to one request each, the provider failing with one status after another."""
    for status in USUAL:
        case.upstream.will(fails(status, WORDS))
        yield status, case.ask()


def expect_each(case, field, rule):
    """The error of each status has this field as ``rule`` of the status says."""
    seen = {status: error_field(answer, field) for status, answer in failures(case)}
    require(Wire.CLIENT, {f"{field} of a {s}": (rule(s), value) for s, value in seen.items()})


@dialects()
@requirement("chat.error.status")
@pytest.mark.parametrize("status", EVERY)
def test_status_is_the_providers(case, status):
    case.upstream.will(fails(status, WORDS))
    expect_error(case.ask(), status)


@dialects()
@requirement("chat.error.envelope")
def test_body_is_openais_envelope(case):
    for status, answer in failures(case):
        expect_envelope(answer, f"error of a {status}")


@dialects()
@requirement("chat.error.type")
def test_type_is_a_text(case):
    expect_each(case, "type", lambda _: is_a(str))


@dialects()
@requirement("chat.error.type-class")
def test_type_goes_with_the_status(case):
    expect_each(case, "type", type_for)


@dialects()
@requirement("chat.error.code")
def test_code_goes_with_the_status(case):
    expect_each(case, "code", code_for)


@dialects()
@requirement("chat.error.message")
def test_message_has_the_providers_words(case):
    expect_each(case, "message", lambda _: contains(WORDS))


@dialects()
@requirement("chat.error.no-literal-none")
def test_nothing_is_the_word_none(case):
    said = {f"fields of a {s} that say 'None'": ([], says_none(a)) for s, a in failures(case)}
    require(Wire.CLIENT, said)


@dialects()
@requirement("chat.error.message-unicode")
def test_message_has_the_providers_characters(case):
    case.upstream.will(fails(400, UNICODE))
    case.ask().expect_json({"error.message": contains(UNICODE)})


@dialects()
@requirement("chat.error.sdk")
def test_sdk_raises_the_exception_of_the_status(case):
    for status, name in EXCEPTIONS.items():
        case.upstream.will(fails(status, WORDS))
        error = sdk.read(case.ask().response, stream=case.stream).error
        require(
            Wire.CLIENT,
            {
                f"exception for a {status}": (name, error and error.name),
                f"its text for a {status}": (contains(WORDS), error and error.message),
            },
        )


@dialects()
@requirement("chat.error.retry-after")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", ["7", "Fri, 31 Dec 2100 23:59:59 GMT"], ids=["seconds", "date"])
def test_retry_after_reaches_the_client(case, status, value):
    case.upstream.will(fails(status, retry_after=value))
    case.ask().response.expect_headers({"retry-after": value})


@dialects()
@requirement("chat.error.context-length")
def test_too_long_a_context_is_named(case, dialect):
    code = "context_length_exceeded" if dialect == "openai" else None
    case.upstream.will(fails(400, TOO_LONG[dialect], code=code))
    answer = case.ask()
    expect_error(answer, 400)
    answer.expect_json({"error.message": contains("ContextWindowExceededError")})
    answer.expect_json({"error.message": contains(TOO_LONG[dialect])})


@requirement("chat.error.content-policy")
@pytest.mark.parametrize("dialect", FILTERED)
def test_a_content_policy_is_named(case, dialect):
    code = "content_policy_violation" if dialect == "openai" else None
    case.upstream.will(fails(400, FILTERED[dialect], code=code))
    answer = case.ask()
    expect_error(answer, 400)
    answer.expect_json({"error.message": contains("ContentPolicyViolationError")})


@requirement("chat.error.provider-code")
@pytest.mark.parametrize("dialect", ["openai"])
def test_providers_own_code_and_param_are_kept(case):
    case.upstream.will(fails(400, WORDS, code="scripted_code", param="messages"))
    case.ask().expect_json({"error.code": "scripted_code", "error.param": "messages"})
