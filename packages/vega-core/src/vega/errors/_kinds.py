"""The one vocabulary of failures that every edge maps once: HTTP, GraphQL, jobs, the command line."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What sort of failure an error is, whatever the edge that reports it.

    An exception class says its kind by an attribute `kind`; one that says nothing is `INTERNAL`.
    """

    INVALID = "invalid"
    MISSING = "missing"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    INTERNAL = "internal"

    @classmethod
    def of(cls, error: BaseException) -> ErrorKind:
        """Return the kind of an error.

        pydantic's `ValidationError` is `INVALID`, `TimeoutError` is `TIMEOUT`; else the error's own `kind` counts. A
        class that says `transparent = True` passes on its cause, of which the kind is returned: what a constructor
        or factory raised while the container used it counts as if it had come directly.

        >>> class OutOfStockError(Exception):
        ...     kind = ErrorKind.CONFLICT
        >>> ErrorKind.of(OutOfStockError()).value, ErrorKind.of(KeyError()).value
        ('conflict', 'internal')
        """
        error = cause_of(error)
        kind = getattr(error, "kind", None)
        if isinstance(kind, ErrorKind):
            return kind
        if isinstance(error, TimeoutError):
            return cls.TIMEOUT
        if type(error).__name__ == "ValidationError" and callable(getattr(error, "errors", None)):
            return cls.INVALID
        return cls.INTERNAL


def cause_of(error: BaseException) -> BaseException:
    """Return the error that counts: the first one along the causes whose class is not transparent.

    A class that says `transparent = True` stands for its cause, such as vega.di's `ConstructionError` for what a
    constructor raised. Without a cause, or where the causes form a cycle, the last error seen is returned.

    >>> class WrapperError(Exception):
    ...     transparent = True
    >>> wrapper = WrapperError()
    >>> wrapper.__cause__ = KeyError("x")
    >>> cause_of(wrapper)
    KeyError('x')
    """
    seen = {id(error)}
    while getattr(type(error), "transparent", False) is True:
        cause = error.__cause__
        if cause is None or id(cause) in seen:
            break
        seen.add(id(cause))
        error = cause
    return error
