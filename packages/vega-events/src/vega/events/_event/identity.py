"""UUIDs of version 7: identifiers in the order of time."""

from __future__ import annotations

import os
from uuid import UUID

from .._errors import InvalidInstantError
from .sources import sources

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_END = _NANOSECONDS_PER_MILLISECOND << 48
_RANDOM_BITS = 62


def uuid7(nanoseconds: int | None = None) -> UUID:
    """Return a new UUID of version 7.

    The first 48 bits are milliseconds since 1970; the next 12 hold the fraction of the millisecond, so that
    identifiers of different microseconds sort by time; 62 bits are random, from the operating system, so that a
    fork or a seeded `random` repeats none.

    Args:
        nanoseconds: the instant, in nanoseconds since 1970-01-01 UTC; 0 <= nanoseconds < 2**48 milliseconds, in the
            year 10889. None takes the instant of the clock.

    Raises:
        InvalidInstantError: the instant is out of range, or not an integer.

    Source: RFC 9562, sections 5.7 and 6.2 (method 3: increased clock precision).

    >>> earlier, later = uuid7(1_700_000_000_000_000_000), uuid7(1_700_000_000_000_001_000)
    >>> earlier.version, str(earlier)[:18], earlier < later
    (7, '018bcfe5-6800-7000', True)
    """
    if nanoseconds is None:
        nanoseconds = sources.nanoseconds()
    else:
        _check_instant(nanoseconds)
    milliseconds, rest = divmod(nanoseconds, _NANOSECONDS_PER_MILLISECOND)
    fraction = (rest << 12) // _NANOSECONDS_PER_MILLISECOND
    random = int.from_bytes(os.urandom(8)) >> 64 - _RANDOM_BITS
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << _RANDOM_BITS | random)


def _check_instant(nanoseconds: object) -> None:
    if not isinstance(nanoseconds, int) or not 0 <= nanoseconds < _END:
        raise InvalidInstantError(
            f"{nanoseconds!r} is not an instant of a UUID of version 7",
            "uuid7",
            f"give nanoseconds since 1970 as an integer, 0 <= nanoseconds < {_END}",
        )
