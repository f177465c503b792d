"""Many new rows at once, straight to the driver.

On PostgreSQL a statement with an array for each column, expanded by `unnest`; on SQLite `executemany` of the
driver, without SQLAlchemy's preparation of each row.

Source: PostgreSQL documentation, "Array Functions and Operators": `unnest` of several arrays in FROM.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    insert,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from .._connection.session import Session
from .._sql.tables import EntityTable

_FEWEST: Final = 2
_MOST: Final = 10_000
_MOMENT: Final = datetime(1, 2, 3, 4, 5, 6, 7)  # noqa: DTZ001 - a local time, as a DateTime column holds
_LENGTH: Final = re.compile(r"\(.*?\)| COLLATE .*")
_KNOWN: Final = (Boolean, Date, DateTime, Float, Integer, JSONB, LargeBinary, Numeric, String, Time, Uuid)


class BulkInsert:
    """An insert of rows of a table, in as few statements as the database allows.

    Args:
        table: the table.
        names: the keys of the columns; every row has all columns.
        dialect: the dialect of the engine in use.
    """

    def __init__(self, table: Table, names: Sequence[str], dialect: Dialect) -> None:
        self._plain = insert(table)
        self._names = tuple(names)
        self._text = ""
        self._processors: list[Callable[[Any], Any] | None] = []
        self._is_sqlite = dialect.name == "sqlite"
        columns = [table.c[name] for name in names]
        if _fits(table, self._names, dialect):
            write = dialect.identifier_preparer
            self._processors = [_processor(column.type, dialect) for column in columns]
            listed = ", ".join(write.format_column(column) for column in columns)
            self._text = f"INSERT INTO {write.format_table(table)} ({listed}) {_source(columns, dialect)}"

    async def send(self, session: Session, columns: Mapping[str, Sequence[Any]], tables: EntityTable) -> None:
        """Insert rows.

        Args:
            session: sends the statements.
            columns: the values of each column, one for each row.
            tables: the tables of the entity, for errors.

        Raises:
            DataError: the database refuses a row.
        """
        count = len(columns[self._names[0]])
        if not self._text or count < _FEWEST:
            rows = [dict(zip(self._names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
            await session.execute(self._plain, rows, tables=tables)
            return
        arrays = self._arrays(columns)
        for start in range(0, count, _MOST):
            part = arrays if count <= _MOST else [values[start : start + _MOST] for values in arrays]
            values = list(zip(*part, strict=True)) if self._is_sqlite else tuple(part)
            await session.driver_sql(self._text, values, tables=tables)

    def _arrays(self, columns: Mapping[str, Sequence[Any]]) -> list[Sequence[Any]]:
        arrays: list[Sequence[Any]] = []
        for name, process in zip(self._names, self._processors, strict=True):
            values = columns[name]
            arrays.append(values if process is None else [process(value) for value in values])
        return arrays


def _processor(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return a converter to values of the driver; for datetimes with the result of SQLAlchemy in a quarter of the time.

    Source: SQLAlchemy, `sqlalchemy.dialects.sqlite.DATETIME`: the storage format.
    """
    known: TypeEngine[Any] = kind.dialect_impl(dialect)
    if isinstance(known, Boolean) and dialect.name == "sqlite":  # its driver writes a bool, which it is, as 0 or 1
        return None
    process: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is None or not isinstance(known, DateTime) or process(_MOMENT) != _MOMENT.isoformat(" ", "microseconds"):
        return process

    def quickly(value: datetime | None) -> Any:
        if value is None or value.tzinfo is not None:
            return process(value)
        return value.isoformat(" ", "microseconds")

    return quickly


def _source(columns: Sequence[Column[Any]], dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return f"VALUES ({', '.join('?' * len(columns))})"
    types = [_LENGTH.sub("", column.type.compile(dialect)) for column in columns]
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, 1))
    return f"SELECT * FROM unnest({arrays})"  # noqa: S608 - names of types, from SQLAlchemy


def _fits(table: Table, names: Sequence[str], dialect: Dialect) -> bool:
    """Return whether every type has an array, and no other column needs a value from SQLAlchemy."""
    others = [column for column in table.c if column.key not in names]
    types = (_plain(table.c[name].type, dialect) for name in names)
    return all(column.default is None for column in others) and all(
        isinstance(kind, _KNOWN) and not isinstance(kind, Enum) for kind in types
    )


def _plain(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    known = kind.dialect_impl(dialect)
    return known.load_dialect_impl(dialect) if isinstance(known, TypeDecorator) else known
