"""Mutants that spoil an error's status and body."""

from __future__ import annotations

from typing import Any

from harness.mutants.registry import Reply, Stage, mutant

WORDS = "Something went wrong."
EMPTY_STREAM = (
    b'data: {"id":"chatcmpl-0","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)
TRACE = '\nTraceback (most recent call last):\n  File "/app/proxy.py", line 7, in ask\n'


def error_of(doc: Any) -> dict[str, Any] | None:
    """The error object of a body, if it is an error."""
    error = doc.get("error") if isinstance(doc, dict) else None
    return error if isinstance(error, dict) else None


def set_field(doc: Any, name: str, value: Any) -> None:
    """Put a value into the error object of a body that has one."""
    if (error := error_of(doc)) is not None:
        error[name] = value


@mutant(Stage.HEAD)
def status_500_for_all(reply: Reply) -> None:
    """Answers every error with 500, except that 500 becomes 502."""
    if reply.status >= 400:
        reply.status = 502 if reply.status == 500 else 500


@mutant(Stage.HEAD)
def error_as_200(reply: Reply) -> None:
    """Answers every error with 200."""
    if reply.status >= 400:
        reply.status = 200


@mutant(Stage.HEAD)
def few_statuses(reply: Reply) -> None:
    """Knows 400, 401, 404, 429 and 500 only; other errors become the nearest of them."""
    if reply.status >= 400 and reply.status not in (400, 401, 404, 429, 500):
        reply.status = 400 if reply.status < 500 else 500


@mutant(Stage.HEAD)
def server_errors_as_400(reply: Reply) -> None:
    """Blames the client for what the provider did."""
    if reply.status >= 500:
        reply.status = 400


@mutant(Stage.HEAD)
def refusals_as_500(reply: Reply) -> None:
    """Takes the client's errors for its own."""
    if 400 <= reply.status < 500:
        reply.status = 500


@mutant(Stage.ANSWER)
def error_as_detail(doc: Any, reply: Reply) -> Any:
    """Answers an error in its framework's shape, without the envelope."""
    return {"detail": doc.get("error", doc)} if reply.status >= 400 else None


@mutant(Stage.ANSWER)
def error_as_html(doc: Any, reply: Reply) -> Any:
    """Answers an error with a web page."""
    if error_of(doc) is None:
        return None
    reply.headers["Content-Type"] = "text/html"
    return b"<html><body><h1>Error</h1></body></html>"


@mutant(Stage.ANSWER)
def error_is_a_text(doc: Any, reply: Reply) -> Any:  # noqa: ARG001
    """Puts the bare message where the error object belongs."""
    return {"error": WORDS} if reply.status >= 400 else None


@mutant(Stage.ANSWER)
def error_as_empty_stream(doc: Any, reply: Reply) -> Any:  # noqa: ARG001
    """Answers a failed stream with a stream that is empty and ends normally, for ever empty."""
    asked = reply.request.body
    if reply.status < 400 or not isinstance(asked, dict) or not asked.get("stream"):
        return None
    reply.status = 200
    reply.headers["Content-Type"] = "text/event-stream"
    return EMPTY_STREAM


@mutant(Stage.ANSWER)
def numeric_code(doc: Any, reply: Reply) -> None:
    """Gives an error's code as a number."""
    set_field(doc, "code", reply.status)


@mutant(Stage.ANSWER)
def code_always_418(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Gives every error the code of one status."""
    set_field(doc, "code", "418")


@mutant(Stage.ANSWER)
def type_null(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Gives no error a type."""
    set_field(doc, "type", None)


@mutant(Stage.ANSWER)
def type_of_the_other_side(doc: Any, reply: Reply) -> None:
    """Says server_error of the client's errors, and invalid_request_error of the server's."""
    set_field(doc, "type", "server_error" if reply.status < 500 else "invalid_request_error")


@mutant(Stage.ANSWER)
def param_says_none(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Writes the word None where null belongs, in every field."""
    for name in ("type", "param", "code"):
        set_field(doc, name, "None")


@mutant(Stage.ANSWER)
def param_null(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Never says which parameter is at fault."""
    set_field(doc, "param", None)


@mutant(Stage.ANSWER)
def generic_message(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Replaces what the provider said by words of its own."""
    set_field(doc, "message", WORDS)


@mutant(Stage.ANSWER)
def ascii_message(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Loses every character of a message that is not ASCII."""
    if error := error_of(doc):
        error["message"] = str(error.get("message")).encode("ascii", "replace").decode()


@mutant(Stage.ANSWER)
def plain_bad_request(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Forgets that a context was too long or a content policy violated."""
    if error := error_of(doc):
        message = str(error.get("message"))
        for name in ("ContextWindowExceededError", "ContentPolicyViolationError"):
            message = message.replace(name, "BadRequestError")
        error["message"] = message


@mutant(Stage.ANSWER)
def stack_trace(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Adds a stack trace to every error."""
    if error := error_of(doc):
        error["message"] = str(error.get("message")) + TRACE


@mutant(Stage.ANSWER)
def memory_address(doc: Any, reply: Reply) -> None:  # noqa: ARG001
    """Adds the repr of an object to every error."""
    if error := error_of(doc):
        error["message"] = str(error.get("message")) + " <proxy.Client object at 0x7fde072bf800>"


@mutant(Stage.ANSWER)
def names_the_provider(doc: Any, reply: Reply) -> None:
    """Adds the provider's address to every error."""
    asked = reply.request.body
    if (error := error_of(doc)) and isinstance(asked, dict):
        address = f" at http://10.0.0.7:8000/{asked.get('model')}/default/v1"
        error["message"] = str(error.get("message")) + address


@mutant(Stage.HEAD)
def retry_after_zero(reply: Reply) -> None:
    """Tells every client to come back at once."""
    if reply.status in (429, 503):
        reply.headers["Retry-After"] = "0"


@mutant(Stage.HEAD)
def dies_of_a_bad_request(reply: Reply) -> None:
    """Answers nothing but 500 after a bad request."""
    if reply.request.path == "/v1/chat/completions" and not isinstance(reply.request.body, dict):
        DEAD.append(True)
    if DEAD:
        reply.status = 500


DEAD: list[bool] = []
