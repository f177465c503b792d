"""The clock and the id source of the calling context."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from datetime import datetime
from typing import Generic, TypeVar, final
from uuid import UUID

from vega.events import set_event_sources

from .ports import Clock, IdSource, SystemClock, TimeOrderedIds

T = TypeVar("T")
_system_clock = SystemClock()
_time_ordered = TimeOrderedIds()
_clock: ContextVar[Clock] = ContextVar("vega_clock", default=_system_clock)
_ids: ContextVar[IdSource] = ContextVar("vega_id_source", default=_time_ordered)


def get_clock() -> Clock:
    """Return the clock of the calling context: the system clock, unless `use_clock` is active.

    >>> get_clock().now().tzinfo
    datetime.timezone.utc
    """
    return _clock.get()


def new_id() -> UUID:
    """Return a new identifier from the id source of the calling context: a UUID of version 7, unless replaced.

    >>> new_id().version
    7
    """
    return _ids.get().new_id()


def use_clock(clock: Clock) -> AbstractContextManager[Clock]:
    """Replace the clock of the calling context for the duration of a `with` block.

    Audit columns, events, leases, rate limits and the injected `Clock` use the replacement, in the current task or
    thread and in tasks started from there. The block may exit in a different context, as async fixtures do.

    >>> from datetime import UTC, datetime
    >>> class Frozen:
    ...     def now(self) -> datetime:
    ...         return datetime(2030, 1, 1, tzinfo=UTC)
    >>> with use_clock(Frozen()):
    ...     get_clock().now().year
    2030
    """
    _follow()
    return _Block(_clock, clock)


def use_id_source(ids: IdSource) -> AbstractContextManager[IdSource]:
    """Replace the id source of the calling context for the duration of a `with` block.

    The source supplies the identifiers of entities, events, jobs and claims, and the injected `IdSource`. Secrets of
    sessions and tokens stay random.

    >>> class Counted:
    ...     number = 0
    ...     def new_id(self) -> UUID:
    ...         self.number += 1
    ...         return UUID(int=self.number)
    >>> with use_id_source(Counted()):
    ...     new_id().int, new_id().int
    (1, 2)
    """
    _follow()
    return _Block(_ids, ids)


def _follow() -> None:
    """Connect events to the current sources; deferred to the first replacement, so that the defaults stay fast."""
    set_event_sources(_now, _event_id)


def _now() -> datetime:
    return _clock.get().now()


def _event_id(_: datetime) -> UUID | None:
    ids = _ids.get()
    return None if ids is _time_ordered else ids.new_id()


@final
class _Block(AbstractContextManager[T], Generic[T]):
    """A `with` block that replaces the value of a context variable."""

    __slots__ = ("_before", "_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[T], value: T) -> None:
        self._variable, self._value = variable, value

    def __enter__(self) -> T:
        self._before, self._token = self._variable.get(), self._variable.set(self._value)
        return self._value

    def __exit__(self, *_: object) -> None:
        try:
            self._variable.reset(self._token)
        except ValueError:  # exited in a different context
            if self._variable.get() is self._value:
                self._variable.set(self._before)
