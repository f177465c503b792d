"""The pool of a database: an engine, opened and closed, with the timeouts of connections."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Final

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from .._drivers.postgresql import UNPREPARED, connected, json_text, limit_transactions, quoted
from .._drivers.sqlite import VegaConnection
from .._drivers.sqlite_driver import open_connection
from .._errors import DatabaseStateError
from .handed_out import HandedOut
from .idle_monitor import IdleMonitor
from .urls import address_of
from .write_queue import WriteQueue

_LONGEST_NAME: Final = 63  # bytes, PostgreSQL's NAMEDATALEN - 1
_MEMORY: Final = {None, "", ":memory:"}


class Pool:
    """An engine with a pool of connections.

    Args:
        url: the database, in the form of SQLAlchemy.
        size: the largest number of open connections, at least 1.
        timeout: the longest wait for a free connection, in seconds.
        connect_timeout: the longest wait for a new connection, in seconds (PostgreSQL).
        lock_timeout: the longest wait of a write for locks, in seconds.
        statement_timeout: the longest time of a statement, in seconds; None for no limit (PostgreSQL).
        idle_limit: how long a unit of work may keep an idle connection, in seconds; 0 for no limit.
        has_pooler: whether a pooler in transaction mode stands between.
        schema: the schema of PostgreSQL for all tables; the default of the server when empty.
        connect_args: further arguments of the driver's `connect`.
        echo: log every statement.

    Attributes:
        url: the URL with the asyncio driver; printing hides the password.
        dialect: `sqlite` or `postgresql`.
        schema: the schema of all tables; empty for the default of the server.
        idle_monitor: the monitor of units that hold a connection.
        handed_out: the connections in user code.
        writers: the queue of writers on SQLite; None while the pool is closed, and on PostgreSQL.

    Raises:
        DatabaseStateError: the URL is invalid, or the driver is not installed.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        size: int,
        timeout: float,
        connect_timeout: float,
        lock_timeout: float,
        statement_timeout: float | None,
        idle_limit: float,
        has_pooler: bool,
        schema: str,
        connect_args: Mapping[str, Any],
        echo: bool,
    ) -> None:
        self._address = address_of(url)
        self.url: URL = self._address.url
        self.dialect: str = self.url.get_backend_name()
        self.schema: str = _checked(schema, self.dialect)
        self.idle_monitor: IdleMonitor = IdleMonitor(idle_limit)
        self.handed_out: HandedOut = HandedOut()
        self.writers: WriteQueue | None = None
        self._options: dict[str, Any] = {"echo": echo, "poolclass": AsyncAdaptedQueuePool}
        self._options |= {"pool_timeout": timeout, "pool_size": size, "max_overflow": 0}
        self._timeouts = (connect_timeout, lock_timeout, statement_timeout)
        self._has_pooler = (has_pooler or self._address.has_pooler) and self.dialect != "sqlite"
        self._connect_args = dict(connect_args)
        self._engine: AsyncEngine | None = None
        self._autocommit: AsyncEngine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether the pool is open."""
        return self._engine is not None

    @property
    def engine(self) -> AsyncEngine:
        """The engine of all transactions.

        Raises:
            DatabaseStateError: the pool is not open.
        """
        if self._engine is None:
            raise DatabaseStateError(
                "the database is not open", self.url.render_as_string(), "write: async with database: ..."
            )
        return self._engine

    @property
    def autocommit_engine(self) -> AsyncEngine:
        """The engine of autocommitted statements, on the same connections.

        Raises:
            DatabaseStateError: the pool is not open.
        """
        _ = self.engine
        autocommit = self._autocommit
        assert autocommit is not None  # made together with the engine
        return autocommit

    def open(self) -> None:
        """Create the engine; connections open on demand. A second call does nothing.

        Raises:
            DatabaseStateError: the pool is open in another event loop.
        """
        if self._engine is not None:
            self.require_loop()
            return
        self._loop = asyncio.get_running_loop()
        self._engine = self._autocommit = self.make_engine()
        self.handed_out.listen(self._engine)
        if self.dialect != "sqlite":  # the driver of SQLite commits each statement by default
            if not self._has_pooler:  # a pooler may send each autocommitted statement to another server
                self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        elif self.url.database not in _MEMORY:  # a database in memory has a single connection
            self.writers = WriteQueue(str(self.url.database), self._timeouts[1])

    def require_loop(self) -> None:
        """Raise an error in an event loop other than the loop of the connections.

        Raises:
            DatabaseStateError: the pool was opened in another event loop.
        """
        if self._loop is not asyncio.get_running_loop():
            raise DatabaseStateError(
                "the database was opened in another event loop",
                self.url.render_as_string(),
                "open a database in each event loop, or close this one and open it again",
            )

    async def connect(self, *, autocommit: bool) -> AsyncConnection:
        """Return a connection of the pool.

        Args:
            autocommit: whether each statement is a separate transaction.

        Raises:
            DatabaseStateError: the pool is not open, or was opened in another event loop.
        """
        engine = self.autocommit_engine if autocommit else self.engine
        self.require_loop()
        return await engine.connect()

    async def close(self) -> None:
        """Close all connections. Closing twice does nothing."""
        engine, self._engine = self._engine, None
        self.writers = None
        self.idle_monitor.stop()
        if engine is None:
            return
        if self._loop is asyncio.get_running_loop():
            await self.finish(self._dispose(engine))
        else:  # the loop has ended: garbage collection closes sockets; the threads of SQLite end here
            self._ending.clear()
            await engine.dispose(close=self.dialect == "sqlite")

    async def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work to the end, such as a rollback; a cancelled caller does not wait.

        Args:
            work: releases the resources in use, and raises nothing after the caller has gone.
        """
        await asyncio.shield(self.start(work))

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start work that `close` waits for."""
        task = asyncio.ensure_future(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    async def _dispose(self, engine: AsyncEngine) -> None:
        others = self._ending - {asyncio.current_task()}
        if others:
            await asyncio.wait(others)
        await engine.dispose()

    def make_engine(self) -> AsyncEngine:
        """Return a new engine with the settings of the pool; the caller disposes of the engine."""
        options = dict(self._options)
        if self.dialect == "sqlite":
            settings = {"factory": VegaConnection, "isolation_level": None, "timeout": self._timeouts[1]}
            options["connect_args"] = {**settings, "async_creator_fn": open_connection, **self._connect_args}
            options["skip_autocommit_rollback"] = True
            if self.url.database in _MEMORY:
                options["pool_size"] = 1
        else:
            options["connect_args"] = self._postgresql_arguments()
            options["json_serializer"] = json_text
        try:
            engine = create_async_engine(self.url, **options)
        except ImportError as error:
            raise DatabaseStateError(
                f"the driver {error.name} is not installed", self.url.drivername, "install vega-data[postgres]"
            ) from error
        if self._has_pooler:
            limit_transactions(engine, self._limits() | self._search_path())
        return engine

    def _postgresql_arguments(self) -> dict[str, Any]:
        settings = dict(self._address.settings)
        arguments: dict[str, Any] = {"timeout": self._timeouts[0], "async_creator_fn": connected}
        if self._has_pooler:
            arguments |= UNPREPARED
        else:
            settings = self._limits() | settings
        arguments |= {**self._address.arguments, "server_settings": settings, **self._connect_args}
        if not self._has_pooler:
            arguments["server_settings"] = {**arguments["server_settings"], **self._search_path()}
        return arguments

    def _search_path(self) -> dict[str, str]:
        return {"search_path": quoted(self.schema)} if self.schema else {}

    def _limits(self) -> dict[str, str]:
        _, lock, statement = self._timeouts
        limits = {"lock_timeout": f"{int(lock * 1000)}"}
        return limits if statement is None else limits | {"statement_timeout": f"{int(statement * 1000)}"}


def _checked(schema: str, dialect: str) -> str:
    fix = "leave the schema out, as by an empty DATABASE_SCHEMA, or name one of PostgreSQL"
    if schema and dialect == "sqlite":
        raise DatabaseStateError("SQLite has no schemas", f"schema={schema!r}", fix)
    if "\0" in schema or len(schema.encode(errors="replace")) > _LONGEST_NAME or schema.startswith("pg_"):
        raise DatabaseStateError(f"{schema!r} cannot name a schema of PostgreSQL", "schema", fix)
    return schema
