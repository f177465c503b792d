"""The database: a pool, the tables of the repositories, sessions and units of work."""

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
    """A database with a pool of connections.

    `async with database:` opens and closes the database; repositories and units of work run inside. A URL
    without a driver gets the asyncio one: `sqlite:///shop.db`, `postgresql://host/shop`. An open database belongs to
    the event loop that opened it.

    Args:
        url: the database URL, in the form of SQLAlchemy.
        package: the package whose repositories `create_all` includes, besides the repositories made with this
            database; empty for all imported repository classes.
        pool_size: the largest number of open connections, at least 1.
        pool_timeout: the longest wait for a free connection, in seconds.
        connect_timeout: the longest wait for a new connection, in seconds (PostgreSQL).
        lock_timeout: the longest wait of a write for locks, in seconds; on SQLite writers of a process take turns.
        statement_timeout: the longest time of a statement, in seconds; None for no limit (PostgreSQL).
        idle_limit: how long a unit of work may keep an idle connection, in seconds, before a warning
            reports where the unit was opened; 0 for no limit.
        transaction_pooler: whether PgBouncer or a similar pooler runs in transaction mode: statements are not prepared
            under a name, and the timeouts are set in each transaction. The URL may say `pgbouncer=true`.
        schema: the schema of PostgreSQL that holds all tables, including tables of migrations, and the only schema
            searched for unqualified names. The default of the server when empty; SQLite has no schemas.
        connect_args: further arguments of the driver's `connect`, with precedence over other settings.
        cursor_secret: signs the cursors of pages; derived from the URL when empty, so that all processes with
            the same database accept the same cursors.
        echo: log every statement.

    Attributes:
        pool: the engine and connections, for internal use; applications use `engine`, `url` and `dialect`.

    Raises:
        DatabaseStateError: the URL is invalid, or the driver is not installed.
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
        """The URL of the database, with the driver; printing hides the password."""
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
        """Whether the database is open."""
        return self.pool.is_open

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine, for features without an API in Vega.

        Raises:
            DatabaseStateError: the database is not open.
        """
        return self.pool.engine

    async def open(self) -> None:
        """Create the pool; connections open on demand. A second call does nothing.

        Raises:
            DatabaseStateError: the database is open in another event loop.
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
        """Create the missing tables of repositories made with this database and of declared repositories.

        For tests and first steps; use migrations for lasting databases.
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
        """Drop the tables that `create_all` creates, with all rows."""
        data = self.metadata()
        with translated():
            engine = self.engine
            self.pool.require_loop()
            async with engine.begin() as connection:
                await connection.run_sync(drop_tables, data)

    def metadata(self) -> MetaData:
        """Return the tables of repositories made with this database and of declared repositories."""
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
        """The port to which units of work write recorded events, or None; `Outbox.of(database)` has the public API."""
        return self._outbox

    def attach_outbox(self, outbox: EventOutbox) -> None:
        """Make units of work write recorded events into an outbox; called by `Outbox(database)`."""
        self._outbox = outbox

    def use(self, tables: EntityTable) -> None:
        """Register the tables of a repository made with this database."""
        self._used[tables.policies.layout.entity, tables.table.key] = tables

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection]:
        """Provide SQLAlchemy's connection: of the open unit of work, or of a transaction around this block.

        For statements without an API in repositories; policies and events do not see the changes.

        Raises:
            AbortedTransactionError: at the end, if a statement failed and the error was caught.
            UnitOfWorkError: the open unit is read-only.
        """
        async with self.unit() as unit:
            try:
                yield await unit.session.connection()
            finally:
                unit.session.loaded_rows.forget()

    @asynccontextmanager
    async def reading(self, *, snapshot: bool = False) -> AsyncGenerator[Session]:
        """Provide the session of the open unit, or a read-only session.

        Args:
            snapshot: whether several statements, or an open cursor, need a common transaction.
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
        """Provide the session of the open unit, or a session with a separate transaction.

        Args:
            single: whether only a single statement follows, which needs no explicit transaction.

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
        """Return the open unit of this database in the calling context, or None."""
        unit = current_unit(self)
        return unit if isinstance(unit, SQLAlchemyUnitOfWork) else None
