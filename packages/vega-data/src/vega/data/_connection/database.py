"""The database: a pool, the tables of its repositories, and the sessions and units of work that use it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import MetaData
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from vega.patterns import UnitOfWorkError, current_unit

from .._drivers.postgresql import create_schema
from .._drivers.sqlite import drop_tables
from .._sql.declared_tables import declared_tables
from .._sql.tables import EntityTable, joined
from .driver_errors import translated
from .pool import Pool
from .ports import EventOutbox
from .session import Session
from .unit_of_work import SQLAlchemyUnitOfWork
from .urls import secret_of


class Database:
    """A database and its pool of connections.

    `async with database:` opens it and closes it; repositories and units of work use it in between. A URL
    without a driver gets the asyncio one: `sqlite:///shop.db`, `postgresql://host/shop`. An open database belongs to
    the event loop that opened it.

    Args:
        url: where it is, in the form of SQLAlchemy.
        package: the package whose repositories `create_all` serves beside those made with this database; with
            an empty one all imported repository classes.
        pool_size: the largest number of open connections, at least 1.
        pool_timeout: how long to wait for a free one, in seconds.
        connect_timeout: how long to wait for a new one, in seconds (PostgreSQL).
        lock_timeout: how long a write waits for others, in seconds; on SQLite writers of one process take turns.
        statement_timeout: the longest time of a statement, in seconds; None for no limit (PostgreSQL).
        idle_limit: how long a unit of work may keep its connection and send nothing, in seconds, before a warning
            tells where it was opened; 0 for as long as it likes.
        transaction_pooler: whether PgBouncer or the like stands between, in transaction mode: no statement is prepared
            under a name then, and the timeouts are set in each transaction. The URL may say `pgbouncer=true`.
        schema: the schema of PostgreSQL that holds all tables, those of migrations too; it is the only one that names
            without a schema are looked up in. The default of the server when empty; SQLite has none.
        connect_args: further arguments of the driver's `connect`, which win over all others.
        cursor_secret: signs the cursors of pages; made from the URL when empty, so that all processes with
            the same database accept each other's.
        echo: log every statement.

    Attributes:
        pool: the engine and connections, for Vega's own parts; others use `engine`, `url` and `dialect`.

    Raises:
        DatabaseStateError: the URL cannot be read, or its driver is not installed.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        package: str = "",
        pool_size: int = 5,
        pool_timeout: float = 30.0,
        connect_timeout: float = 10.0,
        lock_timeout: float = 5.0,
        statement_timeout: float | None = None,
        idle_limit: float = 10.0,
        transaction_pooler: bool = False,
        schema: str = "",
        connect_args: Mapping[str, Any] | None = None,
        cursor_secret: str = "",
        echo: bool = False,
    ) -> None:
        self.pool: Pool = Pool(
            url,
            size=pool_size,
            timeout=pool_timeout,
            connect_timeout=connect_timeout,
            lock_timeout=lock_timeout,
            statement_timeout=statement_timeout,
            idle_limit=idle_limit,
            has_pooler=transaction_pooler,
            schema=schema,
            connect_args=connect_args or {},
            echo=echo,
        )
        self._package = package
        self._secret = cursor_secret.encode() or secret_of(self.pool.url)
        self._outbox: EventOutbox | None = None
        self._used: dict[tuple[type, str], EntityTable] = {}

    @property
    def url(self) -> URL:
        """Where the database is, with its driver; printing it hides the password."""
        return self.pool.url

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.pool.dialect

    @property
    def schema(self) -> str:
        """The schema of PostgreSQL that holds all tables; empty for the default of the server."""
        return self.pool.schema

    @property
    def cursor_secret(self) -> bytes:
        """The key that signs cursors."""
        return self._secret

    @property
    def is_open(self) -> bool:
        """Whether it has been opened and not closed."""
        return self.pool.is_open

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine, for what Vega has no word for.

        Raises:
            DatabaseStateError: the database is not open.
        """
        return self.pool.engine

    async def open(self) -> None:
        """Make the pool; connections follow when they are needed. Opening twice does nothing.

        Raises:
            DatabaseStateError: it was opened in another event loop, and not closed.
        """
        self.pool.open()

    async def close(self) -> None:
        """Close all connections. Closing twice does nothing."""
        await self.pool.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            DatabaseUnavailableError: there is none.
        """
        async with self.reading() as session:
            await session.driver_sql("SELECT 1")

    async def create_all(self) -> None:
        """Create the tables that are missing, of repositories made with this database and of the declared ones.

        For tests and first steps; use migrations for what lives longer.
        """
        data = self.metadata()
        with translated():
            engine = self.engine
            self.pool.require_loop()
            async with engine.begin() as connection:
                if self.schema:
                    await connection.run_sync(create_schema, self.schema)
                await connection.run_sync(data.create_all)

    async def drop_all(self) -> None:
        """Drop the tables that `create_all` creates, with all they hold."""
        data = self.metadata()
        with translated():
            engine = self.engine
            self.pool.require_loop()
            async with engine.begin() as connection:
                await connection.run_sync(drop_tables, data)

    def metadata(self) -> MetaData:
        """Return the tables of repositories made with this database and of the declared ones."""
        used = {tables.table.key for tables in self._used.values()}
        declared = [tables for tables in declared_tables(self._package) if tables.table.key not in used]
        data = joined([*self._used.values(), *declared])
        if self._outbox is not None:
            for table in self._outbox.metadata.tables.values():
                table.to_metadata(data)
        return data

    def unit(self) -> SQLAlchemyUnitOfWork:
        """Return a new unit of work of this database."""
        return SQLAlchemyUnitOfWork(self)

    @property
    def outbox(self) -> EventOutbox | None:
        """The port to which units of work write recorded events, or None; `Outbox.of(database)` is its whole API."""
        return self._outbox

    def attach_outbox(self, outbox: EventOutbox) -> None:
        """Have units of work write what aggregates recorded into an outbox; `Outbox(database)` calls it."""
        self._outbox = outbox

    def use(self, tables: EntityTable) -> None:
        """Note the tables of a repository made with this database."""
        self._used[tables.policies.layout.entity, tables.table.key] = tables

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection]:
        """Give SQLAlchemy's connection in a unit of work: the open one, or one for this block.

        For statements that repositories have no word for; what they change is not seen by policies or events.

        Raises:
            AbortedTransactionError: at the end, when a statement failed and its error was caught.
            UnitOfWorkError: the open unit is read-only.
        """
        async with self.unit() as unit:
            try:
                yield await unit.session.connection()
            finally:
                unit.session.loaded_rows.forget()

    @asynccontextmanager
    async def reading(self, *, snapshot: bool = False) -> AsyncGenerator[Session]:
        """Give the session of the open unit, or one that only reads.

        Args:
            snapshot: several statements, or a cursor that stays open, need one transaction around them.
        """
        unit = self.open_unit()
        if unit is not None:
            yield unit.session
            return
        session = Session(self.pool, "read" if snapshot else "none")
        try:
            yield session
        finally:
            await session.rollback()

    @asynccontextmanager
    async def writing(self, *, single: bool = False) -> AsyncGenerator[Session]:
        """Give the session of the open unit, or one in a transaction of its own.

        Args:
            single: only one statement follows, which needs no transaction around it.

        Raises:
            UnitOfWorkError: the open unit is read-only.
        """
        unit = self.open_unit()
        if unit is not None:
            if unit.is_read_only:
                raise UnitOfWorkError(
                    "the unit of work is read-only", "a repository", "open the unit without read_only"
                )
            yield unit.session
            return
        session = Session(self.pool, "one" if single else "write")
        try:
            yield session
        except BaseException:
            await session.rollback()
            raise
        else:
            await session.commit()

    def open_unit(self) -> SQLAlchemyUnitOfWork | None:
        """Return the unit of this database that is open in the calling context, or None."""
        unit = current_unit(self)
        return unit if isinstance(unit, SQLAlchemyUnitOfWork) else None
