"""The one vocabulary of failures that every edge maps once: HTTP, GraphQL, jobs, the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, cast


class ErrorKind(StrEnum):
    """What sort of failure an error is, whatever the edge that reports it.

    An exception class says its kind by an attribute `kind`, a member or its text such as `"conflict"`; one that says
    nothing is `INTERNAL`.
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
        class that says `transparent = True` passes on its cause, of which the kind is returned: an error that a
        constructor or factory raised while the container used it counts as if it had come directly. A group without
        a `kind` has that of its errors: `INTERNAL` if one of them is, else `TIMEOUT`, `UNAVAILABLE`, else the first.

        >>> class OutOfStockError(Exception):
        ...     kind = "conflict"
        >>> ErrorKind.of(OutOfStockError()).value, ErrorKind.of(KeyError()).value
        ('conflict', 'internal')
        >>> ErrorKind.of(ExceptionGroup("2 handlers failed", [OutOfStockError(), OutOfStockError()])).value
        'conflict'
        """
        return _judged(error, frozenset({id(error)}))[1]


_SERIOUS: Final = (ErrorKind.INTERNAL, ErrorKind.TIMEOUT, ErrorKind.UNAVAILABLE)  # failures of the server, worst first


def cause_of(error: BaseException) -> BaseException:
    """Return the error that counts: the one whose kind and text an edge reports.

    A class that says `transparent = True` stands for its cause, such as vega.di's `ConstructionError` for the error of
    a constructor. A group without a `kind` stands for the first of its errors that has its kind, unless that is
    `INTERNAL`: then the group itself counts, since all of it belongs in the log. Without a cause, or where the causes
    form a cycle, the last error seen is returned.

    >>> class WrapperError(Exception):
    ...     transparent = True
    >>> wrapper = WrapperError()
    >>> wrapper.__cause__ = KeyError("x")
    >>> cause_of(wrapper)
    KeyError('x')
    """
    return _judged(error, frozenset({id(error)}))[0]


def _judged(error: BaseException, seen: frozenset[int]) -> tuple[BaseException, ErrorKind]:
    """Return the error that counts, and its kind; `seen` holds the ids of the errors on the way."""
    while getattr(type(error), "transparent", False) is True:
        cause = error.__cause__
        if cause is None or id(cause) in seen:
            break
        seen |= {id(cause)}
        error = cause
    kind = _stated(error)
    if kind is not None:
        return error, kind
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return _worst(group, [_judged(each, seen | {id(each)}) for each in group.exceptions if id(each) not in seen])
    return error, _known(error)


def _worst(group: BaseException, members: list[tuple[BaseException, ErrorKind]]) -> tuple[BaseException, ErrorKind]:
    kinds = [kind for _, kind in members] or [ErrorKind.INTERNAL]
    kind = next((serious for serious in _SERIOUS if serious in kinds), kinds[0])
    if kind is ErrorKind.INTERNAL:
        return group, kind
    return members[kinds.index(kind)]


def _stated(error: BaseException) -> ErrorKind | None:
    """Return the kind that an error states; None when it states none, or a word that is not a kind."""
    kind = getattr(error, "kind", None)
    try:
        return ErrorKind(kind) if isinstance(kind, str) else None
    except ValueError:
        return None


def _known(error: BaseException) -> ErrorKind:
    if isinstance(error, TimeoutError):
        return ErrorKind.TIMEOUT
    if type(error).__name__ == "ValidationError" and callable(getattr(error, "errors", None)):
        return ErrorKind.INVALID
    return ErrorKind.INTERNAL
