"""The base of domain events: a frozen value with id and instant."""

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
    """A fact of the domain, named in the past tense; a subclass is a plain frozen dataclass.

    Construction publishes nothing. Two events are equal when fields and `event_id` are: every object is an occurrence
    of its own. No `__post_init__` is needed; a call of `super().__init__()` in `__post_init__` does no harm.

    Attributes:
        event_id: a UUID version 7, 36 characters; stable over copy, pickle and `to_dict`.
        timestamp: the instant of construction, aware, in UTC, to the microsecond.
        metadata: entries beside the fields, such as `correlation_id`; not part of
            equality. Values should be plain data.
        event_name: the name in stored data, logs and metrics; by default the name of the class.
        event_version: the version of the fields, 1 or more; raised with every change of the fields, see `upcaster`.
        former_names: former names of the event in older data.

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

    if not TYPE_CHECKING:  # checkers would accept any attribute

        def __getattr__(self, name: str) -> Any:
            """Fill id, instant and metadata at the first read: most events are never asked."""
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
        """Set an entry of the metadata, such as a tenant; for middleware.

        Args:
            key: the name of the entry; an existing entry gets the new value.
            value: plain data, if the event is to be stored.
        """
        self.metadata[key] = value

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain data for JSON.

        The keys are `event_name`, `event_version`, `event_id`, `timestamp` (ISO 8601, UTC), `metadata` and `data`
        (the fields). Fields may be None, bool, int, float, str, bytes, datetime, date, time, timedelta, UUID,
        Decimal, enums, dataclasses, events, pydantic models, and lists, tuples, sets, mappings, unions of these.

        Raises:
            EventDataError: the type of a value differs from the annotation, or has no plain form.
        """
        return write_event(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the event of the data of `to_dict`, of this class or a subclass; data of older versions too.

        Raises:
            EventDataError: the data does not describe such an event, or a field does not fit.
            UpcastError: an upcaster is missing, or the version is newer than the class.
        """
        return cast("Self", read_event(cls, data))  # read_event returns this class or a subclass

    @classmethod
    def upcaster(cls, from_version: int) -> Callable[[Upcaster], Upcaster]:
        """Decorate a function from the fields of a version to the fields of the next: dict in, dict out.

        Args:
            from_version: the version of the argument, from 1 to `event_version - 1`.

        Raises:
            UpcastError: the version is not older than the class, or has an upcaster already.
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
