"""Column types and server defaults by the kind of a field; the values that types of given columns hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    CHAR,
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Double,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Time,
    Uuid,
    literal,
)
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from vega.patterns.query import InvalidValueError, Kind
from vega.patterns.query.values import stored_text

from .._mapping.columns import Column
from .._mapping.json_fields import json_checker
from ..types import CodePointText, Duration, EnumText, ExactDecimal, Instant, TypedJson, WholeNumber


def column_type(column: Column) -> TypeEngine[Any]:
    """Return the column type of a field."""
    info = column.info
    if info.kind is Kind.ENUM:
        return EnumText(info.type)
    if info.kind is Kind.JSON:
        return TypedJson(info.type)
    return _TYPES[info.kind]()


def default_of(column: Column, value: Any, kind: TypeEngine[Any]) -> str | ColumnElement[Any]:
    """Return a value as a server default: the same text on SQLite and PostgreSQL where possible.

    Args:
        column: the field.
        value: a value of the field's type, not None.
        kind: the type of the column.
    """
    checked = column.check(value, column.dotted)
    if column.info.kind is Kind.JSON:
        assert isinstance(kind, TypedJson)  # the type of every such column
        return json.dumps(kind.to_json(checked))
    write = _TEXTS.get(column.info.kind)
    return literal(checked, kind) if write is None else write(checked)


def misfit(column: Column, kind: TypeEngine[Any], dialect: str) -> tuple[str, str] | None:
    """Return the values that a given column holds in place of the field's values, with a remedy; None for a match.

    A type without a known Python type matches every field: a user-defined type with conversions, or
    a database type that Python has no type for.

    Args:
        column: the field.
        kind: the type of the column.
        dialect: `sqlite` or `postgresql`.
    """
    wanted = column.info.type if column.info.kind is Kind.ENUM else column.info.kind
    held = _held(_on_database(kind, dialect), dialect)
    if held is None or held is wanted:
        return None
    remedy = f"sa.Enum({wanted.__name__})" if isinstance(wanted, type) else _REMEDIES[wanted]
    if isinstance(held, type):
        return f"members of {held.__name__}", f"declare the column as {remedy}, or the field as {held.__name__}"
    article = "an" if held[0] in "aeiou" else "a"
    fix = f"declare the column as {remedy}, or change the type of the field"
    if Kind.DATETIME in {held, wanted}:
        fix += "; Annotated[datetime, Naive()] is one without a time zone"
    return f"{article} {held}", fix


def column_limit(column: Column, kind: TypeEngine[Any], dialect: str) -> Limit | None:
    """Return a check of values that the type of a given column would cut, round or refuse; None without a limit.

    Args:
        column: the field.
        kind: the type of the column.
        dialect: `sqlite` or `postgresql`.
    """
    known = _on_database(kind, dialect)
    if isinstance(known, String) and column.info.kind is Kind.TEXT and known.length is not None:
        padded = isinstance(kind, CHAR) and dialect == "postgresql"
        return _text_limit(known.length, known.length if padded else 0)
    if isinstance(known, Numeric) and column.info.kind is Kind.DECIMAL:
        return _decimal_limit(known, dialect)
    if isinstance(known, Integer) and not isinstance(known, BigInteger) and dialect == "postgresql":
        return _integer_limit(15 if isinstance(known, SmallInteger) else 31)
    if isinstance(known, JSON):
        return _plain_json
    return None


def _on_database(kind: TypeEngine[Any], dialect: str) -> TypeEngine[Any]:
    """Return the type of the values: the variant for a database, without a decorator that converts no values."""
    known: TypeEngine[Any] = kind.dialect_impl(DIALECTS[dialect])
    while isinstance(known, TypeDecorator) and not _converts(known):
        known = known.impl_instance
    return known


def _converts(kind: TypeDecorator[Any]) -> bool:
    made = type(kind)
    return any(getattr(made, name) is not getattr(TypeDecorator, name) for name in _CONVERSIONS)


def _held(kind: TypeEngine[Any], dialect: str) -> Any:
    """Return the kind of a type's values, the enum, or a text for values of no field; None if unknown."""
    if isinstance(kind, EnumText):
        return kind.members or Kind.TEXT
    for own, known in _OWN.items():
        if isinstance(kind, own):
            return known
    if isinstance(kind, JSON):
        return Kind.JSON
    try:
        python_type = kind.python_type
    except NotImplementedError:  # the type has no python_type
        return None
    if issubclass(python_type, Enum):
        return python_type
    if isinstance(kind, DateTime | Time) and kind.timezone:
        if isinstance(kind, Time):
            return "time with a time zone"
        return "datetime whose time zone SQLite drops" if dialect == "sqlite" else Kind.DATETIME
    return _BY_PYTHON_TYPE.get(python_type)


def _text_limit(longest: int, shortest: int) -> Limit:
    def check(value: Any, where: str) -> Any:
        if len(value) > longest:
            raise InvalidValueError(f"a text has more than {longest} characters, the length of its column", where)
        if len(value) < shortest:
            raise InvalidValueError(
                f"a text has fewer than {shortest} characters: its column of the type CHAR would fill it up", where
            )
        return value

    return check


def _decimal_limit(kind: Numeric[Any], dialect: str) -> Limit | None:
    """Return the limit of NUMERIC(precision, scale); on SQLite NUMERIC is a double with 15 exact digits."""
    scale, whole = kind.scale, _MOST_PLACES
    if kind.precision is not None:
        scale = scale or 0
        whole = kind.precision - scale
    digits = _DOUBLE_DIGITS if dialect == "sqlite" else _MOST_PLACES
    if scale is None and dialect == "sqlite":
        scale = _SQLITE_SCALE if kind.decimal_return_scale is None else kind.decimal_return_scale
    if scale is None:
        return None

    def check(value: Any, where: str) -> Any:
        units, _, places = format(abs(value), "f").partition(".")
        units, places = units.lstrip("0"), places.rstrip("0")
        if len(places) > scale:
            raise InvalidValueError(
                f"a number has more than {scale} decimal places, the scale of its column", where, _ROUND
            )
        if len(units) > whole:
            raise InvalidValueError(f"a number has more than {whole} digits before the point of its column", where)
        if len((units + places).strip("0")) > digits:
            raise InvalidValueError(
                f"a number has more than {digits} digits, which a NUMERIC of SQLite rounds", where, _ROUND
            )
        return value

    return check


def _integer_limit(bits: int) -> Limit:
    def check(value: Any, where: str) -> Any:
        if not -(2**bits) <= value < 2**bits:
            raise InvalidValueError(f"an int needs more than the {bits + 1} bits of its column", where)
        return value

    return check


def _plain_json(value: Any, where: str) -> Any:
    """Refuse a value that JSON would change without the field's type: a tuple, a Decimal in a dict."""
    return json_checker(list if isinstance(value, list) else dict)(value, where)


Limit: TypeAlias = Callable[[Any, str], Any]
DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": SQLiteDialect(),
    "postgresql": PGDialect(),  # type: ignore[no-untyped-call] # its constructor is not annotated
}
_ROUND: Final = "round it: value.quantize(...)"
_MOST_PLACES: Final = 1_000_000  # more than any value has
_DOUBLE_DIGITS: Final = 15
_SQLITE_SCALE: Final = 10  # decimal places that SQLAlchemy reads from a column without a scale
_CONVERSIONS: Final = (
    "process_bind_param",
    "process_result_value",
    "bind_processor",
    "result_processor",
    "python_type",
)
_OWN: Final[Mapping[type[TypeEngine[Any]], Kind]] = {
    CodePointText: Kind.TEXT,
    WholeNumber: Kind.INT,
    ExactDecimal: Kind.DECIMAL,
    Instant: Kind.DATETIME,
    Duration: Kind.DURATION,
    TypedJson: Kind.JSON,
}
_BY_PYTHON_TYPE: Final[Mapping[type, Kind]] = {
    str: Kind.TEXT,
    int: Kind.INT,
    float: Kind.FLOAT,
    Decimal: Kind.DECIMAL,
    bool: Kind.BOOL,
    date: Kind.DATE,
    datetime: Kind.NAIVE_DATETIME,
    time: Kind.TIME,
    timedelta: Kind.DURATION,
    UUID: Kind.UUID,
    bytes: Kind.BYTES,
    dict: Kind.JSON,
    list: Kind.JSON,
}
_REMEDIES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "sa.Text()",
    Kind.INT: "sa.BigInteger()",
    Kind.FLOAT: "sa.Double()",
    Kind.DECIMAL: "sa.Numeric()",
    Kind.BOOL: "sa.Boolean()",
    Kind.DATE: "sa.Date()",
    Kind.DATETIME: "vega.data.types.Instant()",
    Kind.NAIVE_DATETIME: "sa.DateTime()",
    Kind.TIME: "sa.Time()",
    Kind.DURATION: "sa.Interval()",
    Kind.UUID: "sa.Uuid()",
    Kind.BYTES: "sa.LargeBinary()",
    Kind.JSON: "sa.JSON()",
}
_MICROSECOND: Final = timedelta(microseconds=1)
_TYPES: Final[dict[Kind, Callable[[], TypeEngine[Any]]]] = {
    Kind.TEXT: CodePointText,
    Kind.INT: WholeNumber,
    Kind.FLOAT: Double,
    Kind.DECIMAL: ExactDecimal,
    Kind.BOOL: Boolean,
    Kind.DATE: Date,
    Kind.DATETIME: Instant,
    Kind.NAIVE_DATETIME: DateTime,
    Kind.TIME: Time,
    Kind.DURATION: Duration,
    Kind.UUID: Uuid,
    Kind.BYTES: LargeBinary,
}
_TEXTS: Final[dict[Kind, Callable[[Any], str]]] = {
    Kind.TEXT: str,
    Kind.INT: str,
    Kind.FLOAT: repr,
    Kind.DECIMAL: lambda value: format(value, "f"),
    Kind.BOOL: lambda value: "1" if value else "0",
    Kind.DATE: lambda value: str(value.isoformat()),
    Kind.NAIVE_DATETIME: lambda value: str(value.isoformat(" ", "microseconds")),
    Kind.TIME: lambda value: str(value.isoformat("microseconds")),
    Kind.DURATION: lambda value: str(value // _MICROSECOND),
    Kind.UUID: lambda value: str(value.hex),
    Kind.ENUM: stored_text,
}
