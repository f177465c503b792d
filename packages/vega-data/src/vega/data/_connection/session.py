"""One connection in one transaction: taken at the first statement, given back at the end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from vega.core.introspection import user_line

from .._errors import DatabaseStateError
from .driver_errors import translated
from .loaded_rows import LoadedRows
from .pool import Pool

if TYPE_CHECKING:  # only named in annotations, which nothing reads at run time
    from .._sql.tables import EntityTable

Kind: TypeAlias = Literal["none", "one", "read", "write"]
Parameters: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Session:
    """Sends statements one after the other, whoever asks: tasks of one unit may share it.

    Args:
        pool: gives the connection.
        kind: the transaction: none, the one of a single statement, one that reads, or one that writes.
        opened_at: where a unit of work was opened, `file:line`, when it is to be reported should it stay idle.

    Attributes:
        sent: how many statements it has sent, and got the answers of.
    """

    def __init__(self, pool: Pool, kind: Kind, *, opened_at: str = "") -> None:
        self._pool, self._kind = pool, kind
        self.opened_at: str = opened_at
        self.sent: int = 0
        self._connection: AsyncConnection | None = None
        self._is_closed = False
        self._raw: Any = None  # the driver's own connection, on SQLite in a transaction
        self._lock = asyncio.Lock()
        self.loaded_rows: LoadedRows = LoadedRows()

    @property
    def remembers(self) -> bool:
        """Whether what it reads may be updated later in the same transaction."""
        return self._kind == "write"

    @property
    def is_busy(self) -> bool:
        """Whether a statement is on its way."""
        return self._lock.locked()

    async def execute(
        self, statement: Executable, parameters: Parameters = None, *, tables: EntityTable | None = None
    ) -> CursorResult[Any]:
        """Send a statement.

        Raises:
            DataError: the database refuses it; the message speaks of the entity of `tables`.
        """
        async with self._lock:
            with translated(tables):
                connection = self._connection or await self._take()
                result = await connection.execute(statement, parameters)
                self.sent += 1
                return result

    async def driver_sql(
        self, text: str, parameters: Sequence[Any] | None = None, *, tables: EntityTable | None = None
    ) -> None:
        """Send a text as it is, for which SQLAlchemy has no words.

        Raises:
            DataError: the database refuses it.
        """
        async with self._lock:
            with translated(tables):
                connection = self._connection or await self._take()
                await connection.exec_driver_sql(text, parameters)
                self.sent += 1

    async def stream(self, statement: Executable, batch: int) -> AsyncIterator[Sequence[Any]]:
        """Send a query, and give its rows in batches while the database still reads."""
        with translated():
            async with self._lock:
                connection = self._connection or await self._take()
            async with connection.stream(statement, execution_options={"yield_per": batch}) as result:
                async for rows in result.partitions():
                    self.sent += 1
                    yield rows

    async def connection(self) -> AsyncConnection:
        """Return the connection, taken at the first call; what is done with it is not seen from here."""
        async with self._lock:
            with translated():
                connection = self._connection or await self._take()
                self._pool.idle_monitor.gave_back(self)
                return connection

    async def commit(self) -> None:
        """Commit, and give the connection back; the session is closed then."""
        self._is_closed = True
        if self._connection is None:
            return
        try:
            with translated():
                await self._connection.commit()
                if self._raw is not None and self._raw.in_transaction:
                    await self._raw.commit()
        finally:
            await self._give_back()

    async def rollback(self) -> None:
        """Undo everything, and give the connection back; a lost connection has undone it already."""
        self._is_closed = True
        if self._connection is None:
            return
        if self._kind in {"none", "one"}:  # nothing is open that could be undone
            await self._give_back()
            return
        try:
            with suppress(SQLAlchemyError, OSError, sqlite3.Error):
                if self._raw is not None and self._raw.in_transaction:
                    await self._raw.rollback()
                await self._connection.rollback()
        finally:
            await self._give_back()

    async def _take(self) -> AsyncConnection:
        if self._is_closed:
            raise DatabaseStateError(
                "the session is closed: its unit of work or transaction has ended",
                f"used at {user_line()}",
                "use repositories, which find the open unit of work, or unit.session inside the unit",
            )
        pool = self._pool
        alone = self._kind in {"none", "one"}
        connection = self._connection = await (pool.autocommit_engine if alone else pool.engine).connect()
        if alone:
            return connection
        if pool.dialect == "sqlite":
            # Straight to the driver: through SQLAlchemy each of these words would cost three turns of its thread.
            self._raw = (await connection.get_raw_connection()).driver_connection
            await self._raw.execute("BEGIN IMMEDIATE" if self._kind == "write" else "BEGIN")
        elif self._kind == "read":
            connection = self._connection = await connection.execution_options(postgresql_readonly=True)
        if self.opened_at:
            pool.idle_monitor.took(self)
        return connection

    async def _give_back(self) -> None:
        connection, self._connection, self._raw = self._connection, None, None
        self._pool.idle_monitor.gave_back(self)
        if connection is not None:
            await asyncio.shield(connection.close())
