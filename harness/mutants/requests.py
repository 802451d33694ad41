"""Gateways that change a request's settings, its URL or its headers."""

from __future__ import annotations

from typing import Any

from harness.mutants.registry import Sent, Stage, mutant
from harness.mutants.sent_parts import change_texts, fields, walk

OPENAI_ONLY = ("logit_bias", "store", "prompt_cache_key", "safety_identifier", "prediction")
CONVERSATION = ("messages", "contents", "system", "system_instruction", "tools")


def numbers(sent: Sent) -> list[tuple[dict[str, Any], str]]:
    """Where the settings have numbers."""
    settings = {k: v for k, v in fields(sent).items() if k not in CONVERSATION}
    return [
        (sent.body if place is settings else place, key)
        for place in walk(settings)
        for key, value in place.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def drop(sent: Sent, wanted: Any) -> None:
    """Leave out settings that are exactly ``wanted``."""
    for place in (fields(sent), fields(sent).get("generationConfig") or {}):
        for key in [k for k, v in place.items() if type(v) is type(wanted) and v == wanted]:
            if key != "stream":
                del place[key]


@mutant(Stage.UPSTREAM)
def max_tokens_renamed(sent: Sent) -> None:
    """max_tokens goes to every OpenAI model as max_completion_tokens."""
    if sent.path.endswith("/chat/completions") and "max_tokens" in fields(sent):
        sent.body["max_completion_tokens"] = sent.body.pop("max_tokens")


@mutant(Stage.UPSTREAM)
def max_completion_tokens_renamed(sent: Sent) -> None:
    """max_completion_tokens goes to OpenAI as max_tokens."""
    if "max_completion_tokens" in fields(sent):
        sent.body["max_tokens"] = sent.body.pop("max_completion_tokens")


@mutant(Stage.UPSTREAM)
def floats_rounded(sent: Sent) -> None:
    """Numbers are rounded to six places."""
    for place, key in numbers(sent):
        place[key] = round(place[key], 6)


@mutant(Stage.UPSTREAM)
def big_numbers_as_floats(sent: Sent) -> None:
    """Whole numbers are sent as doubles, which is not enough for a 64-bit seed."""
    for place, key in numbers(sent):
        place[key] = float(place[key])


@mutant(Stage.UPSTREAM)
def zero_dropped(sent: Sent) -> None:
    """A setting of 0 is taken for one that was not made."""
    drop(sent, 0)
    drop(sent, 0.0)


@mutant(Stage.UPSTREAM)
def false_dropped(sent: Sent) -> None:
    """A setting of false is taken for one that was not made."""
    drop(sent, False)


@mutant(Stage.UPSTREAM)
def empty_dropped(sent: Sent) -> None:
    """An empty object is taken for a setting that was not made."""
    drop(sent, {})


@mutant(Stage.UPSTREAM)
def stop_always_a_list(sent: Sent) -> None:
    """One stop text goes to OpenAI as a list."""
    if isinstance(fields(sent).get("stop"), str):
        sent.body["stop"] = [sent.body["stop"]]


@mutant(Stage.UPSTREAM)
def prompt_cache_key_dropped(sent: Sent) -> None:
    """prompt_cache_key is dropped."""
    fields(sent).pop("prompt_cache_key", None)


@mutant(Stage.UPSTREAM)
def service_tier_defaulted(sent: Sent) -> None:
    """Every service tier becomes auto."""
    if "service_tier" in fields(sent):
        sent.body["service_tier"] = "auto"


@mutant(Stage.UPSTREAM)
def logit_bias_keys_padded(sent: Sent) -> None:
    """Token numbers of logit_bias are written with leading zeros."""
    if bias := fields(sent).get("logit_bias"):
        sent.body["logit_bias"] = {key.zfill(6): value for key, value in bias.items()}


@mutant(Stage.UPSTREAM)
def unicode_lost_in_settings(sent: Sent) -> None:
    """Settings are sent in ASCII, the rest as question marks."""
    for key, value in fields(sent).items():
        if isinstance(value, str):
            sent.body[key] = value.encode("ascii", "replace").decode()


@mutant(Stage.UPSTREAM)
def stop_sequences_dropped(sent: Sent) -> None:
    """Stop texts are dropped."""
    for place in (fields(sent), fields(sent).get("generationConfig") or {}):
        for key in ("stop", "stop_sequences", "stopSequences"):
            place.pop(key, None)


@mutant(Stage.UPSTREAM)
def thinking_budget_halved(sent: Sent) -> None:
    """Half the tokens are granted for reasoning."""
    for place in walk(fields(sent)):
        for key in place.keys() & {"budget_tokens", "thinkingBudget"}:
            place[key] //= 2


@mutant(Stage.REQUEST)
def unsupported_fields_dropped(sent: Sent) -> None:
    """Fields that only OpenAI has are dropped in silence."""
    for key in OPENAI_ONLY:
        fields(sent).pop(key, None)


@mutant(Stage.ANSWER)
def unsupported_fields_unnamed(doc: Any, reply: Any) -> None:
    """A refusal does not say which field it is about."""
    if reply.status == 400 and "error" in doc:
        doc["error"]["message"] = "Some parameter is not supported."


@mutant(Stage.UPSTREAM)
def new_fields_dropped(sent: Sent) -> None:
    """Fields that OpenAI has added of late are dropped."""
    for key in ("moderation", "prompt_cache_options"):
        fields(sent).pop(key, None)


@mutant(Stage.UPSTREAM)
def metadata_of_the_proxy(sent: Sent) -> None:
    """The proxy's own metadata goes to the provider."""
    if fields(sent):
        sent.body["metadata"] = {"user_api_key_alias": "team-1"}


@mutant(Stage.UPSTREAM)
def temperature_defaulted(sent: Sent) -> None:
    """A temperature is sent though the client set none."""
    if "contents" in fields(sent):
        sent.body.setdefault("generationConfig", {}).setdefault("temperature", 1.0)
    elif fields(sent):
        sent.body.setdefault("temperature", 1.0)


@mutant(Stage.UPSTREAM)
def user_injected(sent: Sent) -> None:
    """The proxy names a user that the client did not name."""
    if fields(sent):
        sent.body["user"] = "default_user_id"


@mutant(Stage.UPSTREAM)
def prompt_prefixed(sent: Sent) -> None:
    """Everything said gets a prefix of the proxy's."""
    change_texts(sent, lambda text: "Be safe. " + text)


@mutant(Stage.UPSTREAM)
def unknown_fields_dropped(sent: Sent) -> None:
    """Fields of the provider's own are dropped."""
    for place in (fields(sent), fields(sent).get("generationConfig") or {}):
        for key in ("vendor", "top_k"):
            place.pop(key, None)


@mutant(Stage.UPSTREAM)
def unknown_fields_as_text(sent: Sent) -> None:
    """Fields of the provider's own arrive as text."""
    if "vendor" in fields(sent):
        sent.body["vendor"] = str(sent.body["vendor"])


@mutant(Stage.UPSTREAM)
def extra_body_kept_closed(sent: Sent) -> None:
    """extra_body goes to the provider as a field of that name."""
    if "vendor" in fields(sent):
        sent.body["extra_body"] = {"vendor": sent.body.pop("vendor")}


@mutant(Stage.UPSTREAM)
def streams_always(sent: Sent) -> None:
    """The request claims to be for a stream whatever the client wants."""
    if "messages" in fields(sent):
        sent.body["stream"] = True


@mutant(Stage.UPSTREAM)
def stream_options_dropped(sent: Sent) -> None:
    """stream_options are dropped."""
    fields(sent).pop("stream_options", None)


@mutant(Stage.UPSTREAM)
def obfuscation_dropped(sent: Sent) -> None:
    """Of stream_options only include_usage is sent."""
    (fields(sent).get("stream_options") or {}).pop("include_obfuscation", None)


@mutant(Stage.UPSTREAM)
def usage_always_asked_for(sent: Sent) -> None:
    """Every stream is asked for its usage."""
    if fields(sent).get("stream") is True:
        sent.body["stream_options"] = {"include_usage": True}


@mutant(Stage.UPSTREAM)
def model_with_prefix(sent: Sent) -> None:
    """The model is named with its provider prefix."""
    if "model" in fields(sent):
        sent.body["model"] = "openai/" + sent.body["model"]


@mutant(Stage.UPSTREAM)
def alias_beside_the_model(sent: Sent) -> None:
    """The name that the client asked for goes along in a header."""
    sent.headers["x-model-group"] = sent.path.split("/")[1]


@mutant(Stage.UPSTREAM)
def query_added(sent: Sent) -> None:
    """The proxy adds a query of its own to the URL."""
    sent.path += ("&" if "?" in sent.path else "?") + "source=proxy"


@mutant(Stage.UPSTREAM)
def content_type_of_a_form(sent: Sent) -> None:
    """The content type is not that of JSON."""
    sent.headers["Content-Type"] = "application/x-www-form-urlencoded"


@mutant(Stage.UPSTREAM)
def key_in_every_header(sent: Sent) -> None:
    """The deployment's key goes along in the headers of other providers too."""
    for name in ("authorization", "x-api-key", "x-goog-api-key"):
        if key := sent.headers.get(name):
            sent.headers["x-api-key"] = sent.headers["x-goog-api-key"] = key.removeprefix("Bearer ")


@mutant(Stage.UPSTREAM)
def cookie_forwarded(sent: Sent) -> None:
    """The client's cookies go to the provider."""
    sent.headers["Cookie"] = "session=1"


@mutant(Stage.UPSTREAM)
def custom_headers_forwarded(sent: Sent) -> None:
    """The client's x- headers go to the provider."""
    sent.headers["X-Client-Secret"] = "1"
