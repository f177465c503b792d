"""The kinds of values that a field can hold, and which constants each may be compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final
from uuid import UUID

from .._errors import InvalidValueError, shown

LEAST_INT: Final = -(2**63)
LARGEST_INT: Final = 2**63 - 1


class Kind(StrEnum):
    """What a field holds, which decides how it is compared, ordered and stored."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    NAIVE_DATETIME = "naive datetime"
    TIME = "time"
    DURATION = "duration"
    UUID = "uuid"
    ENUM = "enum"
    BYTES = "bytes"
    JSON = "json"
    OBJECT = "object"
    LIST = "list"
    ANY = "any"


ORDERED: Final = frozenset(
    {
        Kind.TEXT,
        Kind.INT,
        Kind.FLOAT,
        Kind.DECIMAL,
        Kind.DATE,
        Kind.DATETIME,
        Kind.NAIVE_DATETIME,
        Kind.TIME,
        Kind.DURATION,
        Kind.UUID,
        Kind.BYTES,
        Kind.ANY,
    }
)
COMPARED: Final = ORDERED | {Kind.BOOL, Kind.ENUM}

_BY_TYPE: Final[tuple[tuple[type, Kind], ...]] = (
    (bool, Kind.BOOL),
    (Enum, Kind.ENUM),
    (str, Kind.TEXT),
    (int, Kind.INT),
    (float, Kind.FLOAT),
    (Decimal, Kind.DECIMAL),
    (datetime, Kind.DATETIME),
    (date, Kind.DATE),
    (time, Kind.TIME),
    (timedelta, Kind.DURATION),
    (UUID, Kind.UUID),
    (bytes, Kind.BYTES),
    (dict, Kind.JSON),
)


def kind_of(python_type: Any) -> Kind:
    """Return the kind of a scalar type; `ANY` for one that is not known."""
    if isinstance(python_type, type):
        for known, kind in _BY_TYPE:
            if issubclass(python_type, known):
                return kind
    return Kind.ANY


def check_constant(kind: Kind, python_type: Any, value: Any, where: str) -> Any:
    """Return a constant in the form that a field of this kind is compared with.

    Raises:
        InvalidValueError: it is of another type, None, not finite, out of range, or not storable text.
    """
    if value is None:
        raise InvalidValueError("None is no value to compare with", where, "use is_null(...) or is_not_null(...)")
    check = _CHECKS.get(kind)
    if check is not None:
        return check(value, where)
    if kind is Kind.ENUM:
        return _enum(value, python_type, where)
    if kind is Kind.ANY:
        return _anything(value, where)
    raise InvalidValueError(f"a field of kind {kind} cannot be compared", where, "compare one of its own fields")


def constant_checker(kind: Kind, python_type: Any) -> Callable[[Any, str], Any]:
    """Return `check_constant` for one field as a function of a value that is not None, and of where it stands."""
    if kind is Kind.JSON:
        return lambda value, where: value
    return _CHECKS.get(kind) or (lambda value, where: check_constant(kind, python_type, value, where))


def refuse(value: object, wanted: str, where: str) -> InvalidValueError:
    """Return the error for a value of a wrong type."""
    return InvalidValueError(f"{shown(value)} is a {type(value).__name__}, where {wanted} is needed", where)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or isinstance(value, Enum):
        raise refuse(value, "a str", where)
    if "\0" in value:
        raise InvalidValueError("text with a NUL character cannot be stored or compared", where)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError("text with half a surrogate pair is not Unicode", where) from None
    return value


def _int(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse(value, "an int", where)
    if not LEAST_INT <= value <= LARGEST_INT:
        raise InvalidValueError("an int outside -2**63 ... 2**63-1 cannot be stored or compared", where)
    return int(value)


def _float(value: Any, where: str) -> float:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53:
        return float(value)
    if not isinstance(value, float):
        raise refuse(value, "a float", where)
    if math.isnan(value):
        raise InvalidValueError("NaN is equal to nothing and is not compared", where)
    return value


def _decimal(value: Any, where: str) -> Decimal:
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if not isinstance(value, Decimal):
        raise refuse(value, "a Decimal", where)
    if not value.is_finite():
        raise InvalidValueError(f"{value} is no number", where)
    return value


def _bool(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise refuse(value, "a bool", where)
    return value


def _datetime(value: Any, where: str) -> datetime:
    if not isinstance(value, datetime):
        raise refuse(value, "an aware datetime", where)
    if value.utcoffset() is None:
        raise InvalidValueError(
            "a datetime without a time zone is no instant", where, "write datetime(..., tzinfo=UTC)"
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise InvalidValueError("the datetime is outside the years 1 to 9999 in UTC", where) from None


def _naive_datetime(value: Any, where: str) -> datetime:
    if not isinstance(value, datetime) or value.utcoffset() is not None:
        raise refuse(value, "a datetime without a time zone", where)
    return value


def _date(value: Any, where: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise refuse(value, "a date", where)
    return value


def _time(value: Any, where: str) -> time:
    if not isinstance(value, time) or value.utcoffset() is not None:
        raise refuse(value, "a time without a time zone", where)
    return value


def _duration(value: Any, where: str) -> timedelta:
    if not isinstance(value, timedelta):
        raise refuse(value, "a timedelta", where)
    return value


def _uuid(value: Any, where: str) -> UUID:
    if not isinstance(value, UUID):
        raise refuse(value, "a UUID", where)
    return value


def _bytes(value: Any, where: str) -> bytes:
    if not isinstance(value, bytes):
        raise refuse(value, "bytes", where)
    return value


def _enum(value: Any, python_type: Any, where: str) -> Any:
    if not isinstance(value, python_type):
        raise refuse(value, f"a {python_type.__name__}", where)
    return value


def _anything(value: Any, where: str) -> Any:
    if isinstance(value, float) and math.isnan(value):
        raise InvalidValueError("NaN is equal to nothing and is not compared", where)
    return value


_CHECKS: Final[dict[Kind, Callable[[Any, str], Any]]] = {
    Kind.TEXT: _text,
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.BOOL: _bool,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.NAIVE_DATETIME: _naive_datetime,
    Kind.TIME: _time,
    Kind.DURATION: _duration,
    Kind.UUID: _uuid,
    Kind.BYTES: _bytes,
}
