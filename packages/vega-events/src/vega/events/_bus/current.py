"""The bus of the calling context, and the default of the process."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from typing import final

from .._errors import EventTypeError
from .bus import EventBus

_current: ContextVar[EventBus | None] = ContextVar("vega_event_bus", default=None)


class _ProcessDefault:
    """The bus of contexts without a bus; made at the first demand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bus: EventBus | None = None

    def get(self) -> EventBus:
        with self._lock:
            if self._bus is None:
                self._bus = EventBus()
            return self._bus

    def set(self, bus: EventBus | None) -> None:
        with self._lock:
            self._bus = bus


_default = _ProcessDefault()


def get_event_bus() -> EventBus:
    """Return the bus of the calling context, else the default of the process, made at the first demand."""
    return _current.get() or _default.get()


def set_event_bus(bus: EventBus | None, process: bool = False) -> None:
    """Make a bus the current one.

    Args:
        bus: the bus; None removes the current bus.
        process: False applies to the calling context (the task or thread, and child tasks);
            True sets the default of the whole process, and leaves the calling context alone.

    Raises:
        EventTypeError: the object is not an EventBus.
    """
    if bus is not None:
        _check_bus(bus, "set_event_bus")
    if process:
        _default.set(bus)
    else:
        _current.set(bus)


def use_event_bus(bus: EventBus) -> AbstractContextManager[EventBus]:
    """Make a bus the current one of the calling context for the length of a `with` block.

    Entry and exit may be in different contexts, as in async fixtures.

    Raises:
        EventTypeError: the object is not an EventBus.

    >>> with use_event_bus(EventBus()) as bus:
    ...     get_event_bus() is bus
    True
    """
    _check_bus(bus, "use_event_bus")
    return _Block(bus)


@final
class _Block(AbstractContextManager[EventBus]):
    """A `with` block in which a bus is current; a class for speed: every unit of work enters such a block."""

    __slots__ = ("_bus", "_token")

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    def __enter__(self) -> EventBus:
        self._token = _current.set(self._bus)
        return self._bus

    def __exit__(self, *_: object) -> None:
        try:
            _current.reset(self._token)
        except ValueError:  # left in another context than entered
            if _current.get() is self._bus:
                before = self._token.old_value
                _current.set(None if before is Token.MISSING else before)


def _check_bus(bus: object, function: str) -> None:
    if not isinstance(bus, EventBus):
        raise EventTypeError(f"{bus!r} is not an EventBus", function, "give an object: EventBus()")
