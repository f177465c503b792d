"""Parsing of received messages by the handler's annotation, and serialisation of sent messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.types import Message

from vega.di import bind

from .._errors import MessageKindError
from .._problems.finite import may_hold_numbers, read_json, write_json
from .._routing.injected_parameters import injected_names

Read = Callable[[Message], Any]


def reader_of(on_message: Callable[..., Any]) -> Read:
    """Return a function that parses a message as the second parameter of a method is annotated.

    `str` and `bytes` are passed unchanged; any other type is JSON validated by pydantic: a model, or a union of models
    with a discriminator.
    """
    parameter = list(inspect.signature(on_message).parameters)[1]
    hint = get_type_hints(on_message, include_extras=True).get(parameter, str)
    if hint in (str, Any):
        return lambda message: _only(message, "text")
    if hint is bytes:
        return lambda message: _only(message, "bytes")
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    is_checked = may_hold_numbers(adapter.core_schema)

    def read(message: Message) -> Any:
        text: str | bytes | None = message.get("text")
        content = text if text is not None else message.get("bytes", b"")
        if is_checked:
            _check_read(content)
        return adapter.validate_json(content)

    return read


def _check_read(content: str | bytes) -> None:
    """Raise ValidationError for numbers outside JSON; pydantic reports text that is not JSON."""
    try:
        read_json(content)
    except RequestValidationError as error:
        errors: Any = [{"type": entry["type"], "loc": entry["loc"][1:], "input": None} for entry in error.errors()]
        raise ValidationError.from_exception_data("message", errors) from None
    except ValueError:
        return


def caller_of(on_message: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of connection and message that calls a method with services from the container."""
    return bind(on_message) if injected_names(on_message) else on_message


def _only(message: Message, kind: str) -> Any:
    value = message.get(kind)
    if value is None:
        raise MessageKindError(f"a message of {kind} is expected", "a WebSocket", f"send {kind}")
    return value


def written(value: Any) -> Message:
    """Return the message that sends a text, bytes, or any serialisable value; may be sent to many clients.

    Raises:
        NotFiniteError: the value contains NaN or Infinity.
    """
    if isinstance(value, str):
        return {"type": "websocket.send", "text": value}
    if isinstance(value, bytes):
        return {"type": "websocket.send", "bytes": value}
    return {"type": "websocket.send", "text": write_json(value).decode()}


def size_of(message: Message) -> int:
    """Return the size of a message in bytes, in UTF-8 for a text."""
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode())


def refusal(error: ValidationError | MessageKindError) -> dict[str, Any]:
    """Return the response to a message that cannot be parsed."""
    content: dict[str, Any] = {"type": "error", "status": 422, "title": "Unprocessable Content"}
    if isinstance(error, MessageKindError):
        return {**content, "detail": error.what}
    fields = [{"loc": list(entry["loc"]), "msg": entry["msg"], "type": entry["type"]} for entry in error.errors()]
    return {**content, "detail": "the message is invalid", "errors": fields}
