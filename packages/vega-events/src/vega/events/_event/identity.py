"""Identifiers of events: UUID version 7, made from the instant of the event."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANDOM_BITS = 62


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def uuid7(instant: datetime) -> str:
    """Return a new UUIDv7 for an instant, 36 characters.

    The first 48 bits are milliseconds since 1970; the next 12 hold the microseconds within, so that
    identifiers sort by time to the microsecond; 62 bits are random, from the operating system, so that a
    fork or a seeded `random` repeats none.

    Args:
        instant: aware; from 1970 to 10889 AD.

    Source: RFC 9562, sections 5.7 and 6.2 (method 3: increased clock precision).
    """
    micros = (instant - _EPOCH) // _MICROSECOND
    millis, rest = divmod(micros, 1000)
    fraction = (rest << 12) // 1000
    random = int.from_bytes(os.urandom(8)) >> 64 - _RANDOM_BITS
    return str(UUID(int=millis << 80 | 7 << 76 | fraction << 64 | 2 << _RANDOM_BITS | random))
