"""Errors of queries, all raised before a statement is sent.

QueryError                          VG150
├── UnknownFieldError               VG151  a field that the entity does not declare, or a private field
├── UnknownOperatorError            VG152  an unknown operator or direction
├── InvalidPredicateError           VG153  `and`, `or`, `not`, `is`, `in` on a recording; a plain bool; too deep
├── InvalidValueError               VG154  a value that cannot be compared with the field
├── UnsupportedPredicateError       VG155  a predicate whose result would differ between stores
├── InvalidCursorError              VG156  a cursor that was changed, or belongs to another query
├── InvalidPageError                VG157  a limit, offset or size out of range
├── FilterNotAllowedError           VG158  a filter or sort key outside the declared lists
├── MultipleResultsError            VG159  several entities where at most one was expected
└── InvalidFilterError              VG160  a filter of a request with a value that cannot be compared with the field

Queries are written by the program, so mistakes in them are internal errors; pages, cursors and filters of a request are
the client's.
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
        """Return the error for a name, with the nearest known name as a hint."""
        return cls(f"{entity} has no field {shown(name)}", f"a query of {entity}", did_you_mean(name, known))


class UnknownOperatorError(QueryError):
    """An operator or direction is unknown."""

    code = "VG152"


class InvalidPredicateError(QueryError):
    """A predicate cannot be recorded as written."""

    code = "VG153"


class InvalidValueError(QueryError):
    """A value cannot be compared with the field."""

    code = "VG154"


class UnsupportedPredicateError(QueryError):
    """The result of a predicate would differ between memory and a database."""

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
    """Several entities were found where at most one was expected."""

    code = "VG159"
    kind = ErrorKind.CONFLICT


class InvalidFilterError(InvalidValueError):
    """A filter of a request has a value that cannot be compared with the field."""

    code = "VG160"
    kind = ErrorKind.INVALID


def shown(value: object) -> str:
    """Return a short form of a value for an error message; the type if `repr` fails.

    `repr` fails for an int of more than 4,300 digits, and may fail in any way for a class of the user.
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a failing repr must not hide the error that shows the value
        return f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a hint with the nearest known name, or an empty string."""
    if not isinstance(name, str) or len(name) > _LONGEST_SHOWN:
        return ""
    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""
