"""Outcomes of work as a closed set of words, usable as a metric label."""

from __future__ import annotations

from asyncio import CancelledError

from vega.errors import ErrorKind


def outcome_of(error: BaseException | None) -> str:
    """Return `ok`, `cancelled`, or the kind of the error, such as `conflict`.

    >>> outcome_of(None), outcome_of(TimeoutError())
    ('ok', 'timeout')
    """
    if error is None:
        return "ok"
    return "cancelled" if isinstance(error, CancelledError) else str(ErrorKind.of(error))
