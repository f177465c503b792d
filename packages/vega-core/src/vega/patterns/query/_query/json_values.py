"""Values of fields in JSON and back, exactly: nothing is rounded, and no time zone is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from .._fields.kinds import Kind
from .._language.nodes import Field


def dump_value(field: Field, value: Any) -> Any:
    """Return a value of a field as JSON can hold it, exactly."""
    if value is None:
        return None
    if field.info.kind is Kind.ENUM:
        return value.name
    dump = _DUMP.get(field.info.kind)
    return dump(value) if dump is not None else value


def load_value(field: Field, value: Any) -> Any:
    """Return the value that `dump_value` wrote.

    Raises:
        ValueError, TypeError, ArithmeticError, LookupError: it did not write that.
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
