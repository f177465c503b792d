"""Long lists of values as a single parameter, unpacked by SQLite: the limit is 32,766 parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.types import TypeEngine

from vega.patterns.query import Kind

from .._drivers.sqlite import BYTES_FUNCTION, FLOAT_FUNCTION

# JSON has no bytes, and SQLite may round the last digit of JSON floats: both are written in base 16.
_IN_BASE_16: Final[dict[Kind, tuple[Callable[[Any], str], str]]] = {
    Kind.FLOAT: (float.hex, FLOAT_FUNCTION),
    Kind.BYTES: (lambda value: bytes(value).hex(), BYTES_FUNCTION),
}
_SQLITE: Final = SQLiteDialect()


def listed(kind_of_column: TypeEngine[Any], kind: Kind, values: Sequence[Any]) -> Select[Any]:
    """Return a query that yields the values.

    Args:
        kind_of_column: the type of the compared column.
        kind: the kind of the field.
        values: the values in a predicate.
    """
    process = kind_of_column.dialect_impl(_SQLITE).bind_processor(_SQLITE)
    stored = [process(value) for value in values] if process else values
    write, read = _IN_BASE_16.get(kind, (None, ""))
    text = json.dumps([write(value) for value in stored] if write else list(stored))
    each = func.json_each(text).table_valued("value", name=f"each_{id(values)}")
    return select(getattr(func, read)(each.c.value) if read else each.c.value)
