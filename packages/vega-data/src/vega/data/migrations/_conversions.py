"""Rules for changes of a column's type: each value is converted in Python, alike on every database.

A value without an equal in the new type stops the migration. Two conversions are lossy by rule, from datetime
to date and from Decimal to float; both count as destructive.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from .. import types
from .._errors import MigrationError

Rule = Callable[[Any], Any]
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}")
_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}


def kind_of(column_type: TypeEngine[Any]) -> str:
    """Return the word for the values of a column type; empty for a type without rules."""
    if isinstance(column_type, sa.Enum):
        return ""
    if isinstance(column_type, sa.DateTime) and column_type.timezone:
        return "datetime"
    return next((_KINDS[named] for named in type(column_type).__mro__ if named in _KINDS), "")


def kind_of_source(source: str) -> str:
    """Return the word for a type as written in a migration without arguments, such as `types.Instant()`."""
    return _WRITTEN.get(source.upper(), "")


def rule(before: str, after: str) -> Rule | None:
    """Return the conversion between two kinds of values; None without a rule."""
    return _RULES.get((before, after))


def is_lossy(before: str, after: str) -> bool:
    """Return whether a conversion drops a part of some values by rule."""
    return (before, after) in _LOSSY


def convert(value: Any, convert_value: Rule, before: str, after: str, place: str) -> Any:
    """Return a value converted to the new type; None stays None.

    Raises:
        MigrationError: the value has no equal in the new type.
    """
    if value is None:
        return None
    try:
        return convert_value(value)
    except (ValueError, ArithmeticError) as error:
        raise MigrationError(
            f"{place} holds {value!r}, which cannot become a {after} from a {before}",
            place,
            "change the value first, in the migration or by hand",
        ) from error


def no_rule(place: str, before: TypeEngine[Any], after: TypeEngine[Any]) -> MigrationError:
    """Return the error for two types without a conversion rule."""
    return MigrationError(
        f"{place} cannot change from {before!r} to {after!r}: there is no rule for its values",
        place,
        "write the steps by hand: vega migrate create --empty; add a column, fill it, drop the old one, rename",
    )


def _require(value: Any, *, same: bool) -> Any:
    if not same:
        raise ValueError(value)
    return value


def _int(text: str) -> int:
    number = int(_require(text, same=_WHOLE.fullmatch(text) is not None))
    return int(_require(number, same=-(2**63) <= number < 2**63))


def _float(text: str) -> float:
    number = float(text)
    return float(_require(number, same=number - number == 0))


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    _require(number, same=number.is_finite())
    return number


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _local(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    _require(moment, same=moment.tzinfo is None)
    return moment


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _from_float(number: float) -> int:
    return _int(str(int(_require(number, same=number.is_integer()))))


def _from_decimal(number: Decimal) -> int:
    return _int(str(int(_require(number, same=number == number.to_integral_value()))))


def _to_float(number: int) -> float:
    return float(_require(number, same=int(float(number)) == number))


def _to_bool(number: int) -> bool:
    return bool(_require(number, same=number in {0, 1}))


_KINDS: Final[dict[type[Any], str]] = {
    types.CodePointText: "text",
    types.EnumText: "text",
    sa.Text: "text",
    sa.String: "text",
    types.WholeNumber: "int",
    sa.Integer: "int",
    sa.BigInteger: "int",
    sa.SmallInteger: "int",
    sa.Double: "float",
    sa.Float: "float",
    sa.Numeric: "decimal",
    types.ExactDecimal: "decimal",
    sa.Boolean: "bool",
    sa.Date: "date",
    types.Instant: "datetime",
    sa.DateTime: "local datetime",
    sa.Time: "time",
    sa.Uuid: "UUID",
}
_WRITTEN: Final = {
    f"{'sa' if named.__module__.startswith('sqlalchemy') else 'types'}.{named.__name__}()".upper(): kind
    for named, kind in _KINDS.items()
}
_LOSSY: Final = frozenset({("datetime", "date"), ("local datetime", "date"), ("decimal", "float")})
_RULES: Final[dict[tuple[str, str], Rule]] = {
    ("text", "int"): _int,
    ("text", "float"): _float,
    ("text", "decimal"): _decimal,
    ("text", "bool"): lambda text: _WORDS[text.lower()] if text.lower() in _WORDS else _require(text, same=False),
    ("text", "date"): date.fromisoformat,
    ("text", "datetime"): _moment,
    ("text", "local datetime"): _local,
    ("text", "time"): time.fromisoformat,
    ("text", "UUID"): UUID,
    ("int", "text"): str,
    ("float", "text"): repr,
    ("decimal", "text"): lambda number: format(number, "f"),
    ("bool", "text"): lambda flag: "true" if flag else "false",
    ("date", "text"): date.isoformat,
    ("datetime", "text"): datetime.isoformat,
    ("local datetime", "text"): datetime.isoformat,
    ("time", "text"): time.isoformat,
    ("UUID", "text"): str,
    ("bool", "int"): int,
    ("int", "bool"): _to_bool,
    ("int", "float"): _to_float,
    ("float", "int"): _from_float,
    ("int", "decimal"): Decimal,
    ("decimal", "int"): _from_decimal,
    ("decimal", "float"): float,
    ("float", "decimal"): lambda number: _decimal(repr(number)),
    ("date", "datetime"): _midnight,
    ("date", "local datetime"): lambda day: _midnight(day).replace(tzinfo=None),
    ("datetime", "date"): lambda moment: moment.astimezone(UTC).date(),
    ("local datetime", "date"): datetime.date,
    ("datetime", "local datetime"): lambda moment: moment.astimezone(UTC).replace(tzinfo=None),
    ("local datetime", "datetime"): lambda moment: moment.replace(tzinfo=UTC),
}
