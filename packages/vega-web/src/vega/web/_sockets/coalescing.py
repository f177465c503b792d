"""Overflow policies for slow clients: `drop_oldest`, `close`, or coalescing to the latest state."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, final

from pydantic_core import from_json, to_json
from starlette.types import Message

from .._errors import WebSocketDefinitionError

Full: TypeAlias = Literal["drop_oldest", "close"]


@final
@dataclass(frozen=True, slots=True)
class Coalescing:
    """An overflow policy that keeps the latest message per key; created by `coalesce`.

    Attributes:
        fields: the fields whose values form the key of a message.
        otherwise: the policy if the queue is full of messages with other keys.
    """

    fields: tuple[str, ...]
    otherwise: Full = "close"

    def key_of(self, message: Message) -> Hashable | None:
        """Return the key of a message; None unless the message is a JSON object with all fields."""
        try:
            parsed = from_json(message.get("text") or b"")
        except ValueError:
            return None
        if not isinstance(parsed, dict):
            return None
        value = cast("dict[str, Any]", parsed)  # keys in JSON are strings
        if not all(field in value for field in self.fields):
            return None
        return to_json([value[field] for field in self.fields])


Overflow: TypeAlias = Full | Coalescing


def coalesce(*fields: str, otherwise: Full = "close") -> Coalescing:
    """Return an `overflow` for messages that are states: a slow client gets only the latest message per key.

    A message replaces a waiting message with the same key. Messages without a key (not a JSON object, or without one of
    the fields) wait as well. Clients that keep up get every message.

    Args:
        fields: fields of the JSON objects, such as `"symbol"`; their values form the key.
        otherwise: the policy if the queue is full of other messages: `close` (1013) or `drop_oldest`.

    Raises:
        WebSocketDefinitionError: no field is named.

    >>> coalesce("symbol").key_of({"text": '{"symbol": "tea", "price": 3}'})
    b'["tea"]'
    """
    if not fields:
        raise WebSocketDefinitionError("coalesce has no fields", "overflow", 'write: overflow = coalesce("symbol")')
    return Coalescing(fields, otherwise)
