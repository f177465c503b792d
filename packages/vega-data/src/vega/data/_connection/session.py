"""A connection in a transaction: acquired at the first statement, released at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from vega.core.introspection import user_line

from .._errors import AbortedTransactionError, DatabaseStateError
from .driver_errors import translated
from .loaded_rows import LoadedRows
from .pool import Pool
from .unit_entities import LoadedAggregates
from .write_queue import WriteQueue

if TYPE_CHECKING:  # for annotations, which are not evaluated at run time
    from .._sql.tables import EntityTable

Kind: TypeAlias = Literal["none", "one", "read", "write"]
Parameters: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
R = TypeVar("R")


class Session:
    """A session that sends statements one after the other, also for concurrent tasks of a unit.

    After a failed or cancelled statement the session refuses further statements and the commit: PostgreSQL has
    aborted the transaction, and SQLite follows the same rule. A rollback to a savepoint makes the session usable again.

    Args:
        pool: the pool of the connection.
        kind: the transaction: none, of a single statement, read-only, or writing.
        opened_at: where the unit of work was opened, `file:line`, if an idle unit is to be reported.

    Attributes:
        sent: the number of completed statements.
        failure: the reason for the refusal of statements, or None.
        is_closed: whether the session has been committed or rolled back.
    """

    def __init__(self, pool: Pool, kind: Kind, *, opened_at: str = "") -> None:
        self._pool, self._kind = pool, kind
        self.opened_at: str = opened_at
        self.sent: int = 0
        self.failure: BaseException | None = None
        self.is_closed: bool = False
        self._can_be_undone = False  # whether the failure is in a savepoint opened by SQLAlchemy
        self._connection: AsyncConnection | None = None  # set after BEGIN
        self._turn: WriteQueue | None = None  # to write, on SQLite
        self._raw: Any = None  # the driver's own connection, on SQLite in a transaction
        self._lock = asyncio.Lock()
        self.loaded_rows: LoadedRows = LoadedRows()
        self.loaded_aggregates: LoadedAggregates = LoadedAggregates()

    @property
    def remembers(self) -> bool:
        """Whether rows may be updated later in the same transaction."""
        return self._kind == "write"

    @property
    def is_busy(self) -> bool:
        """Whether a statement is in progress."""
        return self._lock.locked()

    async def execute(
        self, statement: Executable, parameters: Parameters = None, *, tables: EntityTable | None = None
    ) -> CursorResult[Any]:
        """Send a statement.

        Raises:
            AbortedTransactionError: an earlier statement failed.
            DataError: the database refuses the statement; the message names the entity of `tables`.
        """
        result = await self._send(lambda connection: connection.execute(statement, parameters), tables)
        self.sent += 1
        return result

    async def driver_sql(
        self, text: str, parameters: Sequence[Any] | None = None, *, tables: EntityTable | None = None
    ) -> None:
        """Send SQL text unchanged, for statements that SQLAlchemy cannot express.

        Raises:
            AbortedTransactionError: an earlier statement failed.
            DataError: the database refuses the statement.
        """
        await self._send(lambda connection: connection.exec_driver_sql(text, parameters), tables)
        self.sent += 1

    async def stream(self, statement: Executable, batch: int) -> AsyncIterator[Sequence[Any]]:
        """Send a query, and yield rows in batches from a server-side cursor."""
        connection = await self._send(_itself)
        try:
            with translated():
                async with connection.stream(statement, execution_options={"yield_per": batch}) as result:
                    async for rows in result.partitions():
                        self.sent += 1
                        yield rows
        except GeneratorExit:
            raise
        except BaseException as error:
            self._note(error)
            raise

    def fail(self, error: BaseException, *, can_be_undone: bool = False) -> None:
        """Refuse further statements.

        Args:
            error: why.
            can_be_undone: whether SQLAlchemy's rollback to a savepoint makes the session usable again.
        """
        self.failure, self._can_be_undone = error, can_be_undone

    def recover(self) -> None:
        """Go on after SQLAlchemy has undone a savepoint."""
        if self._can_be_undone:
            self.failure, self._can_be_undone = None, False

    async def connection(self) -> AsyncConnection:
        """Return the connection, acquired at the first call; the session sees only failures of its statements."""
        connection = await self._send(_itself)
        self._pool.idle_monitor.gave_back(self)
        if connection.sync_connection is not None and self._kind in {"read", "write"}:
            self._pool.handed_out.watch(connection.sync_connection, self)
        return connection

    async def undo(self, savepoint: str) -> None:
        """Roll back to a savepoint, and clear the failure of a later statement.

        Raises:
            AbortedTransactionError: the connection is lost, and so is the transaction.
        """
        failure = self.failure
        if failure is not None and (self._connection is None or self._connection.invalidated):
            raise AbortedTransactionError.after(failure) from failure
        self.failure = None
        try:
            await self.driver_sql(f"ROLLBACK TO SAVEPOINT {savepoint}")
            await self.driver_sql(f"RELEASE SAVEPOINT {savepoint}")
        except BaseException as error:
            self.failure = failure or error
            raise

    async def commit(self) -> None:
        """Commit, and give the connection back; the session is closed then.

        Raises:
            AbortedTransactionError: a statement failed; everything is undone.
        """
        self.is_closed = True
        if self.failure is not None:
            await self.rollback()
            raise AbortedTransactionError.after(self.failure) from self.failure
        if self._connection is None:
            return
        try:
            with translated():
                await self._connection.commit()
                if self._raw is not None and self._raw.in_transaction:
                    await self._raw.commit()
        except BaseException:
            await self.rollback()
            raise
        self._raw = None  # nothing is left to undo
        self._leave_turn()
        await self.rollback()

    async def rollback(self) -> None:
        """Roll back, and release the connection; a lost connection is already rolled back."""
        self.is_closed = True
        connection, raw = self._connection, self._raw
        self._connection = self._raw = None
        self._pool.idle_monitor.gave_back(self)
        if connection is not None:
            await self._pool.finish(self._give_back(connection, raw))

    async def _send(self, call: Callable[[AsyncConnection], Awaitable[R]], tables: EntityTable | None = None) -> R:
        async with self._lock:
            try:
                with translated(tables):
                    connection = self._connection
                    if connection is None or self.failure is not None:
                        connection = await self._take()
                    return await call(connection)
            except BaseException as error:
                self._note(error)
                raise

    def _note(self, error: BaseException) -> None:
        # Errors of the driver are translated; an error of SQLAlchemy means that nothing was sent.
        if not isinstance(error, AbortedTransactionError | SQLAlchemyError):
            self.fail(error)

    async def _take(self) -> AsyncConnection:
        if self.is_closed:
            raise DatabaseStateError(
                "the session is closed: its unit of work or transaction has ended",
                f"used at {user_line()}",
                "use repositories, which find the open unit of work, or unit.session inside the unit",
            )
        if self.failure is not None:
            raise AbortedTransactionError.after(self.failure) from self.failure
        pool, alone = self._pool, self._kind in {"none", "one"}
        if pool.writers is not None and self._kind in {"one", "write"}:
            await pool.writers.enter()
            self._turn = pool.writers
        try:
            connection = await pool.connect(autocommit=alone)
        except BaseException:
            self._leave_turn()
            raise
        if not alone:
            connection = await self._begin(connection)
        self._connection = connection
        return connection

    async def _begin(self, connection: AsyncConnection) -> AsyncConnection:
        raw: Any = None
        try:
            if self._pool.dialect == "sqlite":
                # Sent directly to the driver: through SQLAlchemy each command costs three switches of threads.
                raw = (await connection.get_raw_connection()).driver_connection
                await raw.execute("BEGIN IMMEDIATE" if self._kind == "write" else "BEGIN")
            elif self._kind == "read":
                connection = await connection.execution_options(postgresql_readonly=True)
        except BaseException as error:
            rollback = self._pool.start(self._give_back(connection, raw))
            if isinstance(error, Exception):  # a cancelled BEGIN still waits for the lock, but the task does not
                await asyncio.shield(rollback)
            raise
        self._raw = raw
        if self.opened_at:
            self._pool.idle_monitor.took(self)
        return connection

    async def _give_back(self, connection: AsyncConnection, raw: Any) -> None:
        """Roll back, and release the connection to the pool.

        The rollback is queued behind the driver's current work, such as a cancelled `BEGIN IMMEDIATE` that waits
        for the lock.
        """
        try:
            with suppress(ValueError):  # the driver's connection is closed
                if raw is not None:
                    await raw.rollback()
        except BaseException:  # noqa: BLE001 - the state is unknown: the pool must not reuse the connection
            with suppress(SQLAlchemyError, OSError):
                await connection.invalidate()
        try:
            with suppress(SQLAlchemyError, OSError):
                await connection.close()
        finally:
            self._leave_turn()

    def _leave_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.leave()


async def _itself(connection: AsyncConnection) -> AsyncConnection:
    return connection
