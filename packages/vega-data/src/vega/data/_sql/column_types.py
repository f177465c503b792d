"""Column types by the kind of a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Boolean, Date, DateTime, Double, LargeBinary, Time, Uuid
from sqlalchemy.types import TypeEngine

from vega.patterns.query import Kind

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
