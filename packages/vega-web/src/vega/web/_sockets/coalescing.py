"""What becomes of messages that a client does not take: `drop_oldest`, `close`, or only the latest of each thing."""

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
    """Keeps the latest of the messages that say the same of an older state; made by `coalesce`.

    Attributes:
        fields: whose values together tell what a message is about.
        otherwise: what one more message does where all that wait are about something else.
    """

    fields: tuple[str, ...]
    otherwise: Full = "close"

    def key_of(self, message: Message) -> Hashable | None:
        """Return what a message is about; None for one that is no JSON object with all of the fields."""
        try:
            found = from_json(message.get("text") or b"")
        except ValueError:
            return None
        if not isinstance(found, dict):
            return None
        value = cast("dict[str, Any]", found)  # JSON has no other keys
        if not all(field in value for field in self.fields):
            return None
        return to_json([value[field] for field in self.fields])


Overflow: TypeAlias = Full | Coalescing


def coalesce(*fields: str, otherwise: Full = "close") -> Coalescing:
    """Return the `overflow` of a handler whose messages are states: only the latest of each waits for a slow client.

    A message takes the place of one that waits and has the same values in some fields. A message that is no JSON
    object, or lacks one of the fields, is kept beside. Clients that keep up get every message.

    Args:
        fields: of the JSON objects that are sent, such as `"symbol"`; their values together are the key.
        otherwise: what one more message does when the queue is full of others: `close` (1013) or `drop_oldest`.

    Raises:
        WebSocketDefinitionError: no field is named.

    >>> coalesce("symbol").key_of({"text": '{"symbol": "tea", "price": 3}'})
    b'["tea"]'
    """
    if not fields:
        raise WebSocketDefinitionError("coalesce names no field", "overflow", 'write: overflow = coalesce("symbol")')
    return Coalescing(fields, otherwise)
