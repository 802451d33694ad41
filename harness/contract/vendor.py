"""Cut the chat completions contract out of OpenAI's published OpenAPI document.

    python -m harness.contract.vendor PATH_TO_openapi.json COMMIT

writes ``openai_chat.json`` next to this file: the same input gives the same bytes. COMMIT is the
commit of https://github.com/openai/openai-openapi that the document was read from. Afterwards
the errata are tried on it, so that a row which upstream has mended is named at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from harness.contract import errata
from harness.contract.walk import Schema, references, rewrite
from harness.verdicts import ExitCode, HarnessError

ROOTS = (
    "CreateChatCompletionRequest",
    "CreateChatCompletionResponse",
    "CreateChatCompletionStreamResponse",
    "ErrorResponse",
)
TARGET = Path(__file__).with_name("openai_chat.json")

_PUBLISHED = "#/components/schemas/"
_OURS = "#/schemas/"
_PROSE = frozenset({"description", "example", "examples"})
_LICENSE = """\
The MIT License

Copyright (c) OpenAI (https://openai.com)

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
"""


def vendored(openapi: dict[str, Any], commit: str) -> str:
    """The text of ``openai_chat.json`` for a parsed OpenAPI document.

    The schemas that ``ROOTS`` reach are kept, without prose and without ``x-*`` keys; their
    references point to ``#/schemas/…``. Keys are sorted.

    Raises:
        HarnessError: the document lacks a schema that the chat contract needs.
    """
    published: dict[str, Schema] = openapi.get("components", {}).get("schemas", {})
    kept: dict[str, Schema] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        if name not in published:
            raise HarnessError(
                f"the OpenAPI document has no schema {name}",
                fix="give the openapi.json of openai/openai-openapi; if upstream has renamed the"
                " schema, change ROOTS in harness/contract/vendor.py",
            )
        waiting += [ref.removeprefix(_PUBLISHED) for ref in references(published[name])]
        kept[name] = rewrite(published[name], _normative)
    document = {
        "commit": commit,
        "license": _LICENSE,
        "schemas": kept,
        "source": "https://github.com/openai/openai-openapi",
        "version": openapi.get("info", {}).get("version", ""),
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _normative(schema: Schema) -> Schema:
    kept = {k: v for k, v in schema.items() if k not in _PROSE and not k.startswith("x-")}
    if "$ref" in kept:
        kept["$ref"] = kept["$ref"].replace(_PUBLISHED, _OURS)
    return kept


def main(arguments: list[str]) -> int:
    """Write the vendored file; returns an exit code of the harness."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m harness.contract.vendor PATH_TO_openapi.json COMMIT\n")
        return ExitCode.HARNESS_ERROR
    path, commit = arguments
    try:
        text = vendored(json.loads(Path(path).read_text("utf-8")), commit)
        TARGET.write_text(text, "utf-8")
        errata.apply(json.loads(text)["schemas"], errata.load())
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.HARNESS_ERROR
    sys.stdout.write(f"{TARGET.name}: {len(json.loads(text)['schemas'])} schemas\n")
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
