"""SQLite connections: explicit transactions, and a collation and functions for numbers and letters."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from decimal import Decimal
from time import monotonic, sleep
from typing import Any, Final
from weakref import WeakSet

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.schema import DropTable

from vega.patterns.query import fold
from vega.patterns.query.values import exact_add

from ..types import DECIMAL_COLLATION

FOLD_FUNCTION: Final = "vega_fold"
SUM_FUNCTION: Final = "vega_sum"
FLOAT_FUNCTION: Final = "vega_float"
BYTES_FUNCTION: Final = "vega_bytes"
MOMENT_COLLATION: Final = "vega_moment"
_NO_TIME: Final = "0000-00-00 00:00:00"
_PATIENCE: Final = 5.0
_PAUSE: Final = 0.005


class VegaConnection(sqlite3.Connection):
    """A connection with the collation, the functions and the settings of repositories.

    `close` ends the transaction: SQLite keeps a closed connection, with the locks, for as long as an open cursor
    has rows to read.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()
        self.create_collation(DECIMAL_COLLATION, _compare_decimals)
        self.create_collation(MOMENT_COLLATION, _compare_moments)
        self.create_function(FOLD_FUNCTION, 1, _fold, deterministic=True)
        self.create_function(FLOAT_FUNCTION, 1, float.fromhex, deterministic=True)
        self.create_function(BYTES_FUNCTION, 1, bytes.fromhex, deterministic=True)
        self.create_aggregate(SUM_FUNCTION, 1, _Sum)  # type: ignore[arg-type] # its class methods fit; the stub wants int
        self.execute("PRAGMA foreign_keys = ON")
        self._write_ahead(float(kwargs.get("timeout", _PATIENCE)))
        self.execute("PRAGMA synchronous = NORMAL")

    def _write_ahead(self, timeout: float) -> None:
        """Set the journal mode; SQLite does not wait for other writers here, so this function retries."""
        deadline = monotonic() + timeout
        while True:
            try:
                self.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                    self.close()
                    raise
                sleep(_PAUSE)
            else:
                return

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """Return a new cursor, also for `execute` and `executemany` of the connection."""
        cursor = super().cursor(*args, **kwargs)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close the cursors, roll back, and close the connection."""
        with suppress(sqlite3.Error):  # for example, the connection is already closed
            for cursor in list(self._cursors):
                cursor.close()
            self.rollback()
        super().close()


class _Sum:
    """The exact sum of whole numbers or of decimals, as text; NULL without values."""

    def __init__(self) -> None:
        self.total: int | Decimal | None = None

    def step(self, value: int | str | None) -> None:
        if value is not None:
            number = Decimal(value) if isinstance(value, str) else value
            self.total = number if self.total is None else exact_add(self.total, number)

    def finalize(self) -> str | None:
        return None if self.total is None else str(self.total)


def _compare_decimals(left: str, right: str) -> int:
    first, second = Decimal(left), Decimal(right)
    return (first > second) - (first < second)


def _compare_moments(left: str, right: str) -> int:
    first, second = _moment(left), _moment(right)
    return (first > second) - (first < second)


def _moment(text: str) -> tuple[str, str]:
    """Return a datetime or time of another program in a normal form: with seconds and microseconds."""
    whole, _, fraction = text.replace("T", " ").partition(".")
    full = _NO_TIME[-8:] if whole[2:3] == ":" else _NO_TIME
    return whole + full[len(whole) :], fraction.ljust(6, "0")


def _fold(text: str | None) -> str | None:
    return None if text is None else fold(text)


def drop_tables(connection: Connection, metadata: MetaData) -> None:
    """Drop tables with all rows, in a single transaction."""
    if connection.dialect.name != "sqlite":
        metadata.drop_all(connection)
        return
    # SQLite deletes the rows of a table that it drops, and refuses while others refer to them: so all rows go first,
    # with the references checked when none is left.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        there = set(inspect(connection).get_table_names())
        tables = [table for table in metadata.tables.values() if table.name in there]
        for table in tables:
            connection.execute(table.delete())
        for table in tables:
            connection.execute(DropTable(table))
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
