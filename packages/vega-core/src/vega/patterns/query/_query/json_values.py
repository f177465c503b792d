"""Exact conversion of field values to JSON and back: without rounding, and with time zones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from .._fields.kinds import Kind
from .._language.nodes import Field


def dump_value(field: Field, value: Any) -> Any:
    """Return a field value as JSON data, exactly."""
    if value is None:
        return None
    if field.info.kind is Kind.ENUM:
        return value.name
    dump = _DUMP.get(field.info.kind)
    return dump(value) if dump is not None else value


def load_value(field: Field, value: Any) -> Any:
    """Return the value written by `dump_value`.

    Raises:
        ValueError, TypeError, ArithmeticError, LookupError: the data is not from `dump_value`.
    """
    if value is None:
        return None
    if field.info.kind is Kind.ENUM:
        return field.info.type[value]
    load = _LOAD.get(field.info.kind)
    return load(value) if load is not None else value


_MICROSECOND: Final = timedelta(microseconds=1)
_DUMP: Final[dict[Kind, Callable[[Any], Any]]] = {
    Kind.FLOAT: float.hex,
    Kind.DECIMAL: str,
    Kind.DATE: date.isoformat,
    Kind.DATETIME: lambda value: value.astimezone(UTC).isoformat(),
    Kind.NAIVE_DATETIME: datetime.isoformat,
    Kind.TIME: time.isoformat,
    Kind.DURATION: lambda value: value // _MICROSECOND,
    Kind.UUID: str,
    Kind.BYTES: bytes.hex,
}
_LOAD: Final[dict[Kind, Callable[[Any], Any]]] = {
    Kind.FLOAT: float.fromhex,
    Kind.DECIMAL: Decimal,
    Kind.DATE: date.fromisoformat,
    Kind.DATETIME: datetime.fromisoformat,
    Kind.NAIVE_DATETIME: datetime.fromisoformat,
    Kind.TIME: time.fromisoformat,
    Kind.DURATION: lambda value: value * _MICROSECOND,
    Kind.UUID: UUID,
    Kind.BYTES: bytes.fromhex,
}
