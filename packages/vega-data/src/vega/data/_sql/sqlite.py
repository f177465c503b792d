"""SQLite connections as Vega opens them: transactions are ours to begin, and numbers and letters compare as written."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any, Final

from vega.patterns.query import fold
from vega.patterns.query.values import exact_add

from ..types import DECIMAL_COLLATION

FOLD_FUNCTION: Final = "vega_fold"
SUM_FUNCTION: Final = "vega_sum"
FLOAT_FUNCTION: Final = "vega_float"
BYTES_FUNCTION: Final = "vega_bytes"
_LONGEST_FAREWELL: Final = 5.0


class VegaConnection(sqlite3.Connection):
    """A connection with the collation, the functions and the settings that repositories rely on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.create_collation(DECIMAL_COLLATION, _compare_decimals)
        self.create_function(FOLD_FUNCTION, 1, _fold, deterministic=True)
        self.create_function(FLOAT_FUNCTION, 1, float.fromhex, deterministic=True)
        self.create_function(BYTES_FUNCTION, 1, bytes.fromhex, deterministic=True)
        self.create_aggregate(SUM_FUNCTION, 1, _Sum)  # type: ignore[arg-type] # its class methods fit; the stub wants int
        self.execute("PRAGMA foreign_keys = ON")
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")


async def connected(*args: Any, **options: Any) -> Any:
    """Open a connection; when that fails, see its thread out, which would else answer a loop that may be closed."""
    import aiosqlite

    connection: Any = aiosqlite.connect(*args, **options)
    thread: Any = connection if hasattr(connection, "join") else connection._thread  # before 0.22 it is one itself
    thread.daemon = True
    try:
        return await connection
    except BaseException:
        thread.join(_LONGEST_FAREWELL)
        raise


class _Sum:
    """The exact sum of whole numbers or of decimals, as text; NULL when there is no value."""

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


def _fold(text: str | None) -> str | None:
    return None if text is None else fold(text)
