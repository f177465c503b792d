"""The ports of time and identity, and their production adapters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol, final, runtime_checkable
from uuid import UUID

from vega.events import uuid7


@runtime_checkable
class Clock(Protocol):
    """The time of day, as a port: inject a clock where a domain needs the current instant."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...


@runtime_checkable
class IdSource(Protocol):
    """New identifiers, as a port: inject a source where a domain needs an identifier."""

    def new_id(self) -> UUID:
        """Return a new identifier; no two calls return the same."""
        ...


@final
class SystemClock:
    """The clock of the operating system, to the microsecond."""

    __slots__ = ()

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return datetime.now(UTC)


@final
class TimeOrderedIds:
    """UUIDs of version 7, ordered by the instant of the current clock.

    Source: RFC 9562, section 5.7.
    """

    __slots__ = ()

    def new_id(self) -> UUID:
        """Return a new UUID of version 7."""
        return uuid7()
