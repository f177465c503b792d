"""What comes over a socket, read as the handler declares it; what goes over it, written."""

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
    """Return what reads a message as the second parameter of a method is annotated.

    `str` and `bytes` are taken as they come; anything else is JSON that pydantic checks: a model, or a union of
    models with a discriminator.
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
    """Raise a ValidationError for numbers that JSON does not have; pydantic reports text that is not JSON at all."""
    try:
        read_json(content)
    except RequestValidationError as error:
        found: Any = [{"type": entry["type"], "loc": entry["loc"][1:], "input": None} for entry in error.errors()]
        raise ValidationError.from_exception_data("message", found) from None
    except ValueError:
        return


def caller_of(on_message: Callable[..., Any]) -> Callable[..., Any]:
    """Return what calls a method with connection and message, its further parameters supplied by the container."""
    return bind(on_message) if injected_names(on_message) else on_message


def _only(message: Message, kind: str) -> Any:
    value = message.get(kind)
    if value is None:
        raise MessageKindError(f"a message of {kind} is expected", "a WebSocket", f"send {kind}")
    return value


def written(value: Any) -> Message:
    """Return the message that sends a text, bytes, or anything that becomes JSON; a value is written once for many.

    Raises:
        NotFiniteError: the value holds NaN or Infinity.
    """
    if isinstance(value, str):
        return {"type": "websocket.send", "text": value}
    if isinstance(value, bytes):
        return {"type": "websocket.send", "bytes": value}
    return {"type": "websocket.send", "text": write_json(value).decode()}


def size_of(message: Message) -> int:
    """Return how many bytes a message has, at most: four for each character of a text."""
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode())


def refusal(error: ValidationError | MessageKindError) -> dict[str, Any]:
    """Return what is sent to a client whose message cannot be read."""
    told: dict[str, Any] = {"type": "error", "status": 422, "title": "Unprocessable Content"}
    if isinstance(error, MessageKindError):
        return {**told, "detail": error.what}
    fields = [{"loc": list(each["loc"]), "msg": each["msg"], "type": each["type"]} for each in error.errors()]
    return {**told, "detail": "the message is invalid", "errors": fields}
