"""Column types, and values as the default of a column, by the kind of a field."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Date, DateTime, Double, LargeBinary, Time, Uuid, literal
from sqlalchemy.types import TypeEngine

from vega.patterns.query import Kind
from vega.patterns.query.values import stored_text

from .._mapping.columns import Column
from ..types import CodePointText, Duration, EnumText, ExactDecimal, Instant, TypedJson, WholeNumber


def column_type(column: Column) -> TypeEngine[Any]:
    """Return the type that stores a field."""
    info = column.info
    if info.kind is Kind.ENUM:
        return EnumText(info.type)
    if info.kind is Kind.JSON:
        return TypedJson(info.type)
    return _TYPES[info.kind]()


def default_of(column: Column, value: Any, kind: TypeEngine[Any]) -> str | ColumnElement[Any]:
    """Return a value as a server default: the same text on SQLite and PostgreSQL wherever there is one.

    Args:
        column: the field.
        value: a value of its type, not None.
        kind: the type of its column.
    """
    checked = column.check(value, column.dotted)
    if column.info.kind is Kind.JSON:
        assert isinstance(kind, TypedJson)  # the type of every such column
        return json.dumps(kind.to_json(checked))
    write = _TEXTS.get(column.info.kind)
    return literal(checked, kind) if write is None else write(checked)


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
