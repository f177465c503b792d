"""What can go wrong with a query; all of it before a statement is sent.

QueryError                          VG150
├── UnknownFieldError               VG151  the entity declares no such field, or it may not be used here
├── UnknownOperatorError            VG152  no such operator or direction
├── InvalidPredicateError           VG153  `and`, `or`, `not`, `is`, `in` on a recording; a plain bool; too deep
├── InvalidValueError               VG154  a value that the field cannot be compared with
├── UnsupportedPredicateError       VG155  what cannot be answered alike everywhere is refused
├── InvalidCursorError              VG156  a cursor that was changed, or belongs to another query
├── InvalidPageError                VG157  a limit, offset or size that is out of range
├── FilterNotAllowedError           VG158  a filter or sort key outside the declared lists
├── MultipleResultsError            VG159  more than one entity where one was asked for
└── InvalidFilterError              VG160  a filter of a request has a value that its field cannot be compared with

A query is the program's own, so that its mistakes are internal errors; the request's are pages, cursors and filters.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar, Self

from vega.errors import ErrorKind

from .._errors import PatternError

_LONGEST_SHOWN = 60


class QueryError(PatternError):
    """The root of the errors of queries."""

    code: ClassVar[str] = "VG150"


class UnknownFieldError(QueryError):
    """The entity declares no such field."""

    code = "VG151"

    @classmethod
    def of(cls, name: object, entity: str, known: Iterable[str]) -> Self:
        """Return the error for a name, with the nearest of the known ones."""
        return cls(f"{entity} has no field {shown(name)}", f"a query of {entity}", did_you_mean(name, known))


class UnknownOperatorError(QueryError):
    """There is no such operator or direction."""

    code = "VG152"


class InvalidPredicateError(QueryError):
    """A predicate is written in a way that cannot be recorded."""

    code = "VG153"


class InvalidValueError(QueryError):
    """A value cannot be compared with the field."""

    code = "VG154"


class UnsupportedPredicateError(QueryError):
    """A predicate would not be answered alike in memory and by every database."""

    code = "VG155"


class InvalidCursorError(QueryError):
    """A cursor was changed, or belongs to another query."""

    code = "VG156"
    kind = ErrorKind.INVALID


class InvalidPageError(QueryError):
    """A limit, an offset or a size is out of range."""

    code = "VG157"
    kind = ErrorKind.INVALID


class FilterNotAllowedError(QueryError):
    """A filter or a sort key is outside the declared lists."""

    code = "VG158"
    kind = ErrorKind.INVALID


class MultipleResultsError(QueryError):
    """More than one entity was found where one was asked for."""

    code = "VG159"
    kind = ErrorKind.CONFLICT


class InvalidFilterError(InvalidValueError):
    """A filter of a request has a value that its field cannot be compared with."""

    code = "VG160"
    kind = ErrorKind.INVALID


def shown(value: object) -> str:
    """Return a short form of a value, fit for an error message; its type where it cannot be shown.

    An int of more than 4,300 digits cannot, and a class of the user's own may fail in any way.
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the error that names the value matters more
        return f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known name, or empty."""
    if not isinstance(name, str) or len(name) > _LONGEST_SHOWN:
        return ""
    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""
