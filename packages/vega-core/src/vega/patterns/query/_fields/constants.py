"""The values of each kind: accepted types, bounds, and the normal form.

Constants of predicates and fields of stored entities are normalised on entry. So a value has the same type and
compares equal in every store.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Context, Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from .._errors import InvalidValueError, shown
from .kinds import Kind

LEAST_INT: Final = -(2**63)
LARGEST_INT: Final = 2**63 - 1
MOST_DIGITS: Final = 1_000
LONGEST_TEXT: Final = 2**27
LONGEST_DURATION: Final = timedelta(microseconds=LARGEST_INT)
_LARGEST_EXACT: Final = 2**53
_MOST_BITS: Final = (10**MOST_DIGITS).bit_length()
_WHOLE: Final = Decimal(1)
_EXACT: Final = Context(prec=2 * MOST_DIGITS, rounding=ROUND_DOWN)


def check_constant(kind: Kind, python_type: Any, value: Any, where: str) -> Any:
    """Return a constant in the form used for comparison with fields of a kind.

    Raises:
        InvalidValueError: the type is wrong, or the value is None, not finite, out of range, or not storable text.
    """
    if value is None:
        raise InvalidValueError("None cannot be compared with", where, "use is_null(...) or is_not_null(...)")
    check = _CHECKS.get(kind)
    if check is not None:
        return check(value, where)
    if kind is Kind.ENUM:
        return _enum(value, python_type, where)
    if kind is Kind.ANY:
        return _anything(value, where)
    raise InvalidValueError(f"a field of kind {kind} cannot be compared", where, "compare one of its own fields")


def constant_checker(kind: Kind, python_type: Any) -> Callable[[Any, str], Any]:
    """Return `check_constant` for a field, as a function of a value other than None and of the place for errors."""
    if kind is Kind.JSON:
        return lambda value, where: value
    return _CHECKS.get(kind) or (lambda value, where: check_constant(kind, python_type, value, where))


def refuse(value: object, wanted: str, where: str) -> InvalidValueError:
    """Return the error for a value of a wrong type."""
    return InvalidValueError(f"{shown(value)} is a {type(value).__name__}, where {wanted} is needed", where)


def instant(value: Any) -> Any:
    """Return an aware datetime in UTC; None and naive datetimes unchanged.

    Two datetimes with the same `ZoneInfo` compare by wall clock, and a datetime in a repeated or skipped hour equals
    none of another zone (PEP 495); in UTC both compare as instants.
    """
    if value is None or value.tzinfo is UTC or value.tzinfo is None:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:  # outside the years 1 to 9999 in UTC, where daylight saving time does not matter
        return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or isinstance(value, Enum):
        raise refuse(value, "a str", where)
    if len(value) > LONGEST_TEXT:
        raise InvalidValueError(f"the text has more than {LONGEST_TEXT:,} characters", where, "keep it in a file")
    if "\0" in value:
        raise InvalidValueError("text with a NUL character cannot be stored or compared", where)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError("text with half a surrogate pair is not Unicode", where) from None
    return value if type(value) is str else str.__str__(value)


def _int(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse(value, "an int", where)
    if not LEAST_INT <= value <= LARGEST_INT:
        raise InvalidValueError("an int outside -2**63 ... 2**63-1 cannot be stored or compared", where)
    return int(value)


def _float(value: Any, where: str) -> float:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_EXACT:
        return float(value)
    if not isinstance(value, float):
        raise refuse(value, "a float", where)
    if math.isnan(value):
        raise InvalidValueError("NaN is equal to nothing and is not compared", where)
    return float(value) + 0.0  # -0.0 becomes 0.0, as in SQLite


def _decimal(value: Any, where: str) -> Decimal:
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > _MOST_BITS:
            raise _too_long(where)
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise refuse(value, "a Decimal", where)
    if not value.is_finite():
        raise InvalidValueError(f"{value} is not a finite number", where)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MOST_DIGITS or value.adjusted() >= MOST_DIGITS:
        raise _too_long(where)
    if exponent > 0:
        return value.quantize(_WHOLE, context=_EXACT)
    if not value and value.is_signed():
        return value.copy_abs()
    return value if type(value) is Decimal else Decimal(value)


def _too_long(where: str) -> InvalidValueError:
    return InvalidValueError(
        f"the Decimal has more than {MOST_DIGITS:,} digits before or after its point", where, "round it"
    )


def _bool(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise refuse(value, "a bool", where)
    return value


def _datetime(value: Any, where: str) -> datetime:
    if not isinstance(value, datetime):
        raise refuse(value, "an aware datetime", where)
    if value.utcoffset() is None:
        raise InvalidValueError(
            "a datetime without a time zone is not an instant", where, "write datetime(..., tzinfo=UTC)"
        )
    try:
        return _plain_datetime(value.astimezone(UTC))
    except OverflowError:
        raise InvalidValueError("the datetime is outside the years 1 to 9999 in UTC", where) from None


def _naive_datetime(value: Any, where: str) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise refuse(value, "a datetime without a time zone", where)
    return _plain_datetime(value)


def _plain_datetime(value: datetime) -> datetime:
    """Return a plain `datetime` without `fold`; databases store neither subclasses nor the fold."""
    if type(value) is datetime and not value.fold:
        return value
    return datetime.combine(date(value.year, value.month, value.day), _plain_time(value.timetz()))


def _date(value: Any, where: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise refuse(value, "a date", where)
    return value if type(value) is date else date(value.year, value.month, value.day)


def _time(value: Any, where: str) -> time:
    if not isinstance(value, time) or value.tzinfo is not None:
        raise refuse(value, "a time without a time zone", where)
    return _plain_time(value)


def _plain_time(value: time) -> time:
    if type(value) is time and not value.fold:
        return value
    return time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo)


def _duration(value: Any, where: str) -> timedelta:
    if not isinstance(value, timedelta):
        raise refuse(value, "a timedelta", where)
    if abs(value) > LONGEST_DURATION:
        raise InvalidValueError(f"a timedelta of more than {LONGEST_DURATION.days:,} days cannot be stored", where)
    return value if type(value) is timedelta else timedelta(value.days, value.seconds, value.microseconds)


def _uuid(value: Any, where: str) -> UUID:
    if not isinstance(value, UUID):
        raise refuse(value, "a UUID", where)
    return value if type(value) is UUID else UUID(int=value.int)


def _bytes(value: Any, where: str) -> bytes:
    if not isinstance(value, bytes):
        raise refuse(value, "bytes", where)
    if len(value) > LONGEST_TEXT:
        raise InvalidValueError(f"there are more than {LONGEST_TEXT:,} bytes", where, "keep them in a file")
    return bytes(value)


def _enum(value: Any, python_type: Any, where: str) -> Any:
    if not isinstance(value, python_type):
        raise refuse(value, f"a {python_type.__name__}", where)
    if value.name not in python_type.__members__:
        raise InvalidValueError(f"{shown(value)} combines several members or none", where, "store an int of flags")
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
