"""The base of every domain event: a frozen value that knows its id and instant."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast
from uuid import UUID

from .class_checks import check_event_class
from .identity import uuid7
from .registry import remember
from .serialization import Upcaster, add_upcaster, read_event, write_event
from .sources import nanoseconds_of, sources

_filling = threading.RLock()
_set = object.__setattr__


def _utc_now() -> datetime:
    return sources.now()


@dataclass(frozen=True, slots=True, weakref_slot=True, init=False)
class Event:
    """Something that happened, told in the past tense; a subclass is a plain frozen dataclass.

    Making one publishes nothing. Two events are equal when their fields and `event_id` are: each is one
    occurrence. No `__post_init__` is needed; one that calls `super().__init__()` does no harm.

    Attributes:
        event_id: a UUID version 7, 36 characters; stable over copy, pickle and `to_dict`.
        timestamp: the instant of construction, aware, in UTC, to the microsecond.
        metadata: what is known about the event beside its fields, such as `correlation_id`; no part of
            equality. Values should be plain data.
        event_name: the name in stored data, logs and metrics; the class's name unless set in the class.
        event_version: the version of the fields, 1 or more; raise it when they change, see `upcaster`.
        former_names: names under which older data may still call this event.

    >>> @dataclass(frozen=True)
    ... class UserCreated(Event):
    ...     user_id: str
    >>> UserCreated("7").user_id
    '7'
    """

    event_name: ClassVar[str] = "Event"
    event_version: ClassVar[int] = 1
    former_names: ClassVar[tuple[str, ...]] = ()

    event_id: str = field(init=False, kw_only=True)
    timestamp: datetime = field(init=False, kw_only=True, repr=False, default_factory=_utc_now)
    metadata: dict[str, Any] = field(init=False, kw_only=True, repr=False, compare=False)

    def __init__(self) -> None:
        try:
            object.__getattribute__(self, "timestamp")
        except AttributeError:
            _set(self, "timestamp", _utc_now())

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Event, cls).__init_subclass__(**kwargs)
        check_event_class(cls, Event)
        if "event_name" not in vars(cls):
            cls.event_name = cls.__name__
        remember(cls)

    if not TYPE_CHECKING:  # a checker would take it for a licence to read any attribute

        def __getattr__(self, name: str) -> Any:
            """Fill id, instant and metadata when they are first read: most events are never asked."""
            fill = _FILLS.get(name)
            if fill is None:
                message = f"{type(self).__name__!r} object has no attribute {name!r}"
                raise AttributeError(message, name=name, obj=self)
            with _filling:  # two threads must read the same id
                try:
                    return object.__getattribute__(self, name)
                except AttributeError:
                    _set(self, name, fill(self))
            return object.__getattribute__(self, name)

    def add_metadata(self, key: str, value: Any) -> None:
        """Set one entry of the metadata, such as a tenant; for what runs before the handlers.

        Args:
            key: the entry's name; one that is there already gets the new value.
            value: plain data, if the event is to be stored.
        """
        self.metadata[key] = value

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain data: what JSON can hold.

        The keys are `event_name`, `event_version`, `event_id`, `timestamp` (ISO 8601, UTC), `metadata` and `data`
        (the fields). Fields may be None, bool, int, float, str, bytes, datetime, date, time, timedelta, UUID,
        Decimal, enums, dataclasses, other events, pydantic models, and lists, tuples, sets, mappings, unions of them.

        Raises:
            EventDataError: a field holds another type than its annotation says, or one without a plain form.
        """
        return write_event(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the event that `to_dict` described, of this class or a subclass; data of older versions too.

        Raises:
            EventDataError: the data is no such event, or a field does not fit.
            UpcastError: nothing brings the data's version up to date, or the version is newer than the class.
        """
        return cast("Self", read_event(cls, data))  # it looks for this class and its subclasses only

    @classmethod
    def upcaster(cls, from_version: int) -> Callable[[Upcaster], Upcaster]:
        """Decorate a function that brings the fields of one version to the next: dict in, dict out.

        Args:
            from_version: the version it takes, from 1 to `event_version - 1`.

        Raises:
            UpcastError: the version is not an older one, or has a step already.
        """

        def add(function: Upcaster) -> Upcaster:
            add_upcaster(cls, from_version, function)
            return function

        return add

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "event_id": self.event_id,
            "timestamp": self.timestamp,
            "metadata": dict(self.metadata),
        }
        for cls in type(self).__mro__:
            for name in _slots(cls):
                if name not in state and hasattr(self, name):
                    state[name] = getattr(self, name)
        return {**getattr(self, "__dict__", {}), **state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            _set(self, name, value)

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        Event.__setstate__(twin, Event.__getstate__(self))
        return twin


_FILLS: dict[str, Callable[[Event], object]] = {
    "timestamp": lambda event: _utc_now(),
    "event_id": lambda event: str(_new_id(event.timestamp)),
    "metadata": lambda event: dict[str, Any](),
}


def _new_id(instant: datetime) -> UUID:
    made = sources.new_id(instant) if sources.new_id is not None else None
    return made if made is not None else uuid7(nanoseconds_of(instant))


def _slots(cls: type) -> list[str]:
    slots = vars(cls).get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if name not in ("__dict__", "__weakref__")]
