"""The dialects by name."""

from __future__ import annotations

from harness.upstream.dialects.anthropic import Anthropic
from harness.upstream.dialects.base import Dialect
from harness.upstream.dialects.gemini import Gemini
from harness.upstream.dialects.openai import OpenAI

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (OpenAI(), Anthropic(), Gemini())
}
