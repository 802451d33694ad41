"""The answer."""

import pytest

from harness.cases.marks import both_modes, dialects, requirement
from harness.upstream.script import says

pytestmark = [dialects(), both_modes()]


@requirement("chat.answer.text")
@pytest.mark.parametrize(
    "text", ["Hello there.", " padded \n", "𝒳 🦜"], ids=["plain", "pad", "bmp"]
)
def test_text_is_exact(case, text):
    case.upstream.will(says(text))
    case.ask().expect(text=text, finish_reason="stop")
