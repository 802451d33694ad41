"""Request fields, one by one: https://platform.openai.com/docs/api-reference/chat/create

What has to become of each field in each provider's protocol is in request_fields.toml.
"""

from pathlib import Path

import pytest

from harness.cases.heard import body, expect_settings, settings
from harness.cases.marks import ALL_DIALECTS, both_modes, deployment, dialects, requirement
from harness.contract.field_table import load_field_table
from harness.upstream.script import says
from harness.verdicts import Wire
from harness.wire.exchange import dig
from harness.wire.expect import absent_or, contains, one_of, require

pytestmark = both_modes()

NULLABLE = [
    *["frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "n"],
    *["presence_penalty", "seed", "stop", "store", "temperature", "top_p", "user"],
]
TABLE = load_field_table(Path(__file__).with_name("request_fields.toml"), ALL_DIALECTS)


def rows(status, *dialects_):
    """The rows with a status, as parameters; a row's own model makes a deployment of its own."""
    return pytest.mark.parametrize(
        ("dialect", "row"),
        [
            pytest.param(
                row.dialect,
                row,
                id=f"{row.dialect}-{row.field}",
                marks=[deployment(model=row.model)] if row.model else [],
            )
            for row in TABLE
            if row.status == status and row.dialect in (dialects_ or ALL_DIALECTS)
        ],
    )


def ask_each(case, row):
    """Send each sample of a row; what was sent, what has to arrive, and the answer."""
    for value, wanted in row.samples:
        case.upstream.always(lambda _: says())
        yield value, wanted, case.ask(**{row.field: value}, **row.together)


def nested(path, value):
    """A document with one value at a dotted path."""
    for step in reversed(path.split(".")):
        value = {step: value}
    return value


@requirement("chat.request.field")
@rows("supported", "openai")
def test_field_arrives_unchanged_and_alone(case, row):
    for _, wanted, answer in ask_each(case, row):
        require(Wire.CLIENT, {"status": (200, answer.status)})
        expect_settings(case, {**row.together, row.field: wanted})


@requirement("chat.request.mapped")
@rows("supported", "anthropic", "gemini")
def test_field_arrives_where_the_provider_expects_it(case, row):
    top = row.path.split(".")[0]
    for _, wanted, answer in ask_each(case, row):
        require(Wire.CLIENT, {"status": (200, answer.status)})
        if any(step.isdigit() for step in row.path.split(".")):
            seen = dig(body(case), row.path)
            require(Wire.UPSTREAM, {row.path: (wanted, seen)})
            expect_settings(case, {**row.together, top: settings(case).get(top)})
        else:
            expect_settings(case, {**row.together, **nested(row.path, wanted)})


@requirement("chat.request.unsupported")
@rows("refused")
def test_unsupported_field_is_refused_by_name(case, row):
    for value, _, answer in ask_each(case, row):
        require(Wire.CLIENT, {f"status for {row.field}={value!r}": (400, answer.status)})
        answer.expect_json({"error.message": contains(row.field)})
    require(Wire.UPSTREAM, {"requests": (0, len(case.upstream.exchanges))})


@requirement("chat.request.new-field")
@rows("new")
def test_field_that_litellm_may_not_know_is_never_lost(case, row):
    for _, wanted, answer in ask_each(case, row):
        require(Wire.CLIENT, {"status": (one_of(200, 400), answer.status)})
        if answer.status == 200:
            expect_settings(case, {row.field: wanted})


@requirement("chat.request.kept-field")
@rows("kept")
def test_field_of_the_proxys_own_stays_there_or_arrives_unchanged(case, row):
    for _, wanted, answer in ask_each(case, row):
        require(Wire.CLIENT, {"status": (200, answer.status)})
        require(Wire.UPSTREAM, {row.field: (absent_or(wanted), dig(body(case), row.field))})
        expect_settings(case, {k: v for k, v in settings(case).items() if k == row.field})


@requirement("chat.request.metadata")
def test_metadata_arrives_for_openai(case):
    case.upstream.will(says())
    case.ask(metadata={"topic": "x"}, store=True)
    expect_settings(case, {"metadata": {"topic": "x"}, "store": True})


@requirement("chat.request.null")
@dialects()
def test_null_is_like_leaving_the_field_out(case):
    case.upstream.will(says())
    answer = case.ask(**dict.fromkeys(NULLABLE))
    require(Wire.CLIENT, {"status": (200, answer.status)})
    nulls = {key: None for key, value in settings(case).items() if value is None}
    expect_settings(case, nulls)


@requirement("chat.request.max-tokens")
@deployment(model="openai/o3")
def test_max_tokens_becomes_max_completion_tokens_for_reasoning_models(case):
    case.upstream.will(says())
    case.ask(max_tokens=17)
    expect_settings(case, {"max_completion_tokens": 17})


@requirement("chat.request.extra")
@dialects()
def test_field_of_the_providers_own_passes_through(case):
    case.upstream.will(says())
    value = {"a": [1, 2.5, None, {}, "🦜"], "deep": {"er": {"est": False}}}
    case.ask(vendor=value)
    expect_settings(case, {"vendor": value})


@requirement("chat.request.extra")
@dialects("anthropic", "gemini")
def test_top_k_arrives_where_the_provider_expects_it(case):
    case.upstream.will(says())
    case.ask(top_k=7)
    place = "generationConfig.topK" if case.dialect == "gemini" else "top_k"
    expect_settings(case, nested(place, 7))


@requirement("chat.request.extra-body")
@dialects()
def test_extra_body_is_opened_and_not_sent_on(case):
    case.upstream.will(says())
    case.ask(extra_body={"vendor": 1})
    expect_settings(case, {"vendor": 1})
