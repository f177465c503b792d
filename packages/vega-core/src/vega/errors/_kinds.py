"""The kinds of failures, mapped at every edge: HTTP, GraphQL, jobs, the command line."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeAlias, cast


class ErrorKind(StrEnum):
    """The kind of failure that an error reports, independent of the edge.

    An exception class states its kind by an attribute `kind`, a member or its text such as `"conflict"`; a class
    without the attribute is `INTERNAL`.
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

        pydantic's `ValidationError` is `INVALID`, `TimeoutError` is `TIMEOUT`; otherwise the error's own `kind` counts.
        A class with `transparent = True` has the kind of its cause: an error raised by a constructor or factory inside
        the container counts like an error raised directly. A group without a `kind` has the kind of its errors:
        `INTERNAL` if any is, else `TIMEOUT`, `UNAVAILABLE`, else the first.

        >>> class OutOfStockError(Exception):
        ...     kind = "conflict"
        >>> ErrorKind.of(OutOfStockError()).value, ErrorKind.of(KeyError()).value
        ('conflict', 'internal')
        >>> ErrorKind.of(ExceptionGroup("2 handlers failed", [OutOfStockError(), OutOfStockError()])).value
        'conflict'
        """
        return _judged(error, frozenset({id(error)}))[1]


Declared: TypeAlias = Callable[[BaseException], ErrorKind | None]
_SERIOUS: Final = (ErrorKind.INTERNAL, ErrorKind.TIMEOUT, ErrorKind.UNAVAILABLE)  # failures of the server, worst first


def cause_of(error: BaseException, declared: Declared | None = None) -> BaseException:
    """Return the error whose kind and text an edge reports.

    A class with `transparent = True` stands for its cause, such as vega.di's `ConstructionError` for the error of a
    constructor. A group without a `kind` stands for the first of its errors with the kind of the group, unless
    `INTERNAL`: then the group itself counts, since all of it belongs in the log. Without a cause, or if the causes form
    a cycle, the last error seen is returned.

    Args:
        error: the error caught by an edge.
        declared: returns the kind that the edge declares for a single error, whatever its class states; None for
            none. An edge with a map of errors gives it, so that groups count the errors of the map too.

    >>> class WrapperError(Exception):
    ...     transparent = True
    >>> wrapper = WrapperError()
    >>> wrapper.__cause__ = KeyError("x")
    >>> cause_of(wrapper)
    KeyError('x')
    """
    return _judged(error, frozenset({id(error)}), declared)[0]


def _judged(
    error: BaseException, seen: frozenset[int], declared: Declared | None = None
) -> tuple[BaseException, ErrorKind]:
    """Return the error that counts, and its kind; `seen` holds the ids of the errors on the path."""
    while getattr(type(error), "transparent", False) is True:
        cause = error.__cause__
        if cause is None or id(cause) in seen:
            break
        seen |= {id(cause)}
        error = cause
    is_group = isinstance(error, BaseExceptionGroup)
    kind = (declared(error) if declared is not None and not is_group else None) or _stated(error)
    if kind is not None:
        return error, kind
    if is_group:
        group = cast("BaseExceptionGroup[BaseException]", error)
        members = [member for member in group.exceptions if id(member) not in seen]
        return _worst(group, [_judged(member, seen | {id(member)}, declared) for member in members])
    return error, _known(error)


def _worst(group: BaseException, members: list[tuple[BaseException, ErrorKind]]) -> tuple[BaseException, ErrorKind]:
    kinds = [kind for _, kind in members] or [ErrorKind.INTERNAL]
    kind = next((serious for serious in _SERIOUS if serious in kinds), kinds[0])
    if kind is ErrorKind.INTERNAL:
        return group, kind
    return members[kinds.index(kind)]


def _stated(error: BaseException) -> ErrorKind | None:
    """Return the kind stated by an error; None for no kind, or for an unknown word."""
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
