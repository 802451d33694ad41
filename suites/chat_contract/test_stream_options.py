"""``stream_options`` on its way to an OpenAI provider.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options
"""

import pytest

from harness.cases.marks import requirement
from harness.upstream.script import says
from harness.wire.expect import ABSENT


@requirement("chat.request.stream-options")
@pytest.mark.parametrize(
    "options",
    [{"include_usage": True}, {"include_usage": True, "include_obfuscation": False}],
    ids=["usage", "obfuscation"],
)
def test_stream_options_arrive(case, options):
    case.upstream.will(says())
    case.ask(stream=True, stream_options=options)
    case.upstream.request.expect({"stream_options": options})


@requirement("chat.request.stream-usage")
@pytest.mark.parametrize("sent", [{}, {"stream_options": {"include_usage": False}}])
def test_usage_is_not_asked_for_behind_the_clients_back(case, sent):
    case.upstream.will(says())
    case.ask(stream=True, **sent)
    case.upstream.request.expect({"stream_options": sent.get("stream_options", ABSENT)})
