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

        pydantic's `ValidationError` is `INVALID`, `TimeoutError` is `TIMEOUT`; what a constructor or factory raised
        while the container used it counts as if it had come by itself; else the error's own `kind`.
        """
        from vega.di import ConstructionError  # loaded when there is an error to judge

        if isinstance(error, ConstructionError) and error.__cause__ is not None:
            return cls.of(error.__cause__)
        kind = getattr(error, "kind", None)
        if isinstance(kind, ErrorKind):
            return kind
        if isinstance(error, TimeoutError):
            return cls.TIMEOUT
        if type(error).__name__ == "ValidationError" and callable(getattr(error, "errors", None)):
            return cls.INVALID
        return cls.INTERNAL
