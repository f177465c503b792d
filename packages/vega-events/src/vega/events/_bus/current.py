"""Which bus is current, and which event is being handled: per context, with a default for the process."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from .._errors import EventTypeError
from .bus import EventBus

_current: ContextVar[EventBus | None] = ContextVar("vega_event_bus", default=None)


class _ProcessDefault:
    """The bus of those who set none; made at the first demand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bus: EventBus | None = None

    def get(self) -> EventBus:
        with self._lock:
            if self._bus is None:
                self._bus = EventBus()
            return self._bus

    def set(self, bus: EventBus) -> None:
        with self._lock:
            self._bus = bus


_default = _ProcessDefault()


def get_event_bus() -> EventBus:
    """Return the bus of the calling context; the process default where none was set."""
    return _current.get() or _default.get()


def set_event_bus(bus: EventBus, process: bool = False) -> None:
    """Make a bus the current one.

    Args:
        bus: the bus.
        process: False sets it for the calling context (the task or thread, and tasks started from it);
            True sets the default of the whole process, and leaves the calling context as it is.

    Raises:
        EventTypeError: it is no EventBus.
    """
    if not isinstance(bus, EventBus):  # pyright: ignore[reportUnnecessaryIsInstance] - not every caller has a checker
        raise EventTypeError(f"{bus!r} is no EventBus", "set_event_bus", "give an object: EventBus()")
    if process:
        _default.set(bus)
    else:
        _current.set(bus)


@contextmanager
def use_event_bus(bus: EventBus) -> Generator[EventBus]:
    """Make a bus the current one of the calling context for the length of a `with` block."""
    token = _current.set(bus)
    try:
        yield bus
    finally:
        _current.reset(token)
