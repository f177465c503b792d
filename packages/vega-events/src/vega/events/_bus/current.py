"""The bus of the calling context, and the default of the process."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token

from .._errors import EventTypeError
from .bus import EventBus

_current: ContextVar[EventBus | None] = ContextVar("vega_event_bus", default=None)


class _ProcessDefault:
    """The bus of contexts that set none; made at the first demand."""

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
        bus: the bus; None takes away what was set.
        process: False sets it for the calling context (the task or thread, and tasks started from it);
            True sets the default of the whole process, and leaves the calling context as it is.

    Raises:
        EventTypeError: it is not an EventBus.
    """
    if bus is not None:
        _check_bus(bus, "set_event_bus")
    if process:
        _default.set(bus)
    else:
        _current.set(bus)


def use_event_bus(bus: EventBus) -> AbstractContextManager[EventBus]:
    """Make a bus the current one of the calling context for the length of a `with` block.

    The block may be left in another context than it was entered in, as async fixtures are.

    Raises:
        EventTypeError: it is not an EventBus.

    >>> with use_event_bus(EventBus()) as bus:
    ...     get_event_bus() is bus
    True
    """
    _check_bus(bus, "use_event_bus")
    return _use(bus)


@contextmanager
def _use(bus: EventBus) -> Generator[EventBus]:
    token = _current.set(bus)
    try:
        yield bus
    finally:
        try:
            _current.reset(token)
        except ValueError:  # left in another context than entered
            if _current.get() is bus:
                _current.set(None if token.old_value is Token.MISSING else token.old_value)


def _check_bus(bus: object, function: str) -> None:
    if not isinstance(bus, EventBus):
        raise EventTypeError(f"{bus!r} is not an EventBus", function, "give an object: EventBus()")
