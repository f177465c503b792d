"""The kinds of field values."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final
from uuid import UUID


class Kind(StrEnum):
    """The kind of a field's values; decides comparison, order and storage."""

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
    """Return the kind of a scalar type; `ANY` for unknown types."""
    if isinstance(python_type, type):
        for known, kind in _BY_TYPE:
            if issubclass(python_type, known):
                return kind
    return Kind.ANY
