"""The list of models that clients choose from.

Contract: https://platform.openai.com/docs/api-reference/models and
https://docs.litellm.ai/docs/proxy/model_discovery
"""

from collections import Counter

import pytest

from harness.cases.errors import expect_envelope, expect_error
from harness.cases.marks import deployments, dialects, requirement
from harness.upstream.deployment import Deployment
from harness.verdicts import Wire
from harness.wire.expect import NOT_EMPTY, contains, is_a, require

PATHS = pytest.mark.parametrize("path", ["/v1/models", "/models"])
SHAPE = {"id": NOT_EMPTY, "object": "model", "created": is_a(int), "owned_by": is_a(str)}


def listed(case, path="/v1/models"):
    """The entries of the list."""
    answer = case.send("GET", path)
    require(Wire.CLIENT, {"status": (200, answer.status)})
    answer.expect_json({"object": "list", "data": is_a(list)})
    return answer.json["data"]


def names(case, path="/v1/models"):
    """How often each model is listed."""
    return Counter(entry.get("id") for entry in listed(case, path))


@requirement("chat.models.listed")
@PATHS
@dialects()
def test_a_model_is_listed_once(case, path):
    require(Wire.CLIENT, {"times that the model is listed": (1, names(case, path)[case.model])})


@requirement("chat.models.group")
@deployments(
    Deployment("first", group="pair"),
    Deployment("second", group="pair"),
    Deployment("third", dialect="anthropic"),
)
def test_a_group_is_listed_once_whatever_is_behind_it(case):
    found = names(case)
    for name, times in {"first": 1, "second": 1, "third": 1}.items():
        require(Wire.CLIENT, {f"group of {name}": (times, found[case.provider(name).model])})


@requirement("chat.models.only-configured")
def test_nothing_else_is_listed(case):
    foreign = [name for name in names(case) if name in ("openai/gpt-4o", "gpt-4o", "*")]
    twice = [name for name, times in names(case).items() if times > 1]
    require(Wire.CLIENT, {"models that nobody configured": ([], foreign), "twice": (0, len(twice))})


@requirement("chat.models.shape")
@PATHS
def test_every_entry_is_a_model_object(case, path):
    for entry in listed(case, path):
        require(
            Wire.CLIENT, {f"{k} of an entry": (want, entry.get(k)) for k, want in SHAPE.items()}
        )


@requirement("chat.models.content-type")
@PATHS
def test_the_list_is_json(case, path):
    kind = case.send("GET", path).headers.get("content-type")
    require(Wire.CLIENT, {"content type": (contains("application/json"), kind)})


@requirement("chat.models.retrieve")
@PATHS
def test_one_model_is_retrieved_by_its_id(case, path):
    answer = case.send("GET", f"{path}/{case.model}")
    require(Wire.CLIENT, {"status": (200, answer.status)})
    answer.expect_json({**SHAPE, "id": case.model})


@requirement("chat.models.same")
def test_the_retrieved_model_is_the_listed_one(case):
    one = case.send("GET", f"/v1/models/{case.model}").json
    for entry in [e for e in listed(case) if e.get("id") == case.model]:
        fields = ("id", "object", "created", "owned_by")
        require(Wire.CLIENT, {f: (entry.get(f), one.get(f)) for f in fields})


@requirement("chat.models.unknown")
@PATHS
def test_an_unknown_model_is_not_found(case, path):
    expect_error(case.send("GET", f"{path}/no-such-model"), 404)


@requirement("chat.models.unknown-envelope")
@PATHS
def test_an_unknown_model_has_openais_envelope(case, path):
    expect_envelope(case.send("GET", f"{path}/no-such-model"))


@requirement("chat.models.method")
@PATHS
def test_the_list_is_read_only(case, path):
    expect_error(case.send("POST", path, {}, {"Connection": "close"}), 405)
