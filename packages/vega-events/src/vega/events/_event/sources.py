"""The sources of the instants and identifiers of events, replaceable functions."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, final
from uuid import UUID

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@final
class Sources:
    """The sources of instants and identifiers.

    Attributes:
        now: returns the instant, aware, in UTC.
        nanoseconds: returns the same instant in nanoseconds since 1970.
        new_id: returns the identifier of an event made at an instant; None derives it from the instant.
    """

    __slots__ = ("nanoseconds", "new_id", "now")

    def __init__(self) -> None:
        self.now: Callable[[], datetime] = partial(datetime.now, UTC)
        self.nanoseconds: Callable[[], int] = time.time_ns
        self.new_id: Callable[[datetime], UUID | None] | None = None


sources: Final = Sources()


def set_event_sources(now: Callable[[], datetime], new_id: Callable[[datetime], UUID | None]) -> None:
    """Replace the sources of instants and identifiers of all events of the process.

    Called by vega-core, for its `Clock` and `IdSource`; a program without vega-core may call the function at its start.

    Args:
        now: returns the instant, aware, in UTC; also for `uuid7` without an instant.
        new_id: returns the identifier of an event made at an instant; None for a UUID of version 7 of that instant.
    """
    sources.now, sources.new_id = now, new_id
    sources.nanoseconds = lambda: nanoseconds_of(now())


def nanoseconds_of(instant: datetime) -> int:
    """Return an aware instant in nanoseconds since 1970, exact to the microsecond."""
    return (instant - _EPOCH) // _MICROSECOND * 1000
