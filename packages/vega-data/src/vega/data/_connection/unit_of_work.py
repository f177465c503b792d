"""The unit of work of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vega.core.introspection import user_line
from vega.patterns import UnitOfWork

from .session import Session
from .unit_entities import in_fresh_scopes

if TYPE_CHECKING:  # for annotations, which are not evaluated at run time
    from .database import Database


class SQLAlchemyUnitOfWork(UnitOfWork):
    """A transaction of all repositories of a database.

    The connection is acquired at the first statement and released at the commit. On SQLite a writing unit
    begins with `BEGIN IMMEDIATE`, so that concurrent writers wait and no update is lost.

    Args:
        database: the database; open when the first statement is sent.
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._session: Session | None = None
        self._savepoints = 0

    @property
    def database(self) -> Database:
        """The database of the transaction."""
        return self._database

    @property
    def store(self) -> Database:
        """The database: units of the same database join."""
        return self._database

    @property
    def session(self) -> Session:
        """The session of the open unit.

        Raises:
            UnitOfWorkError: the unit is not open.
        """
        session = self._require_open("session")._session
        assert session is not None  # set by _begin, for as long as the unit is open
        return session

    async def _begin(self, *, read_only: bool) -> None:
        pool = self._database.pool
        opened_at = user_line() if pool.idle_monitor.seconds else ""
        self._session = Session(pool, "read" if read_only else "write", opened_at=opened_at)

    async def _before_commit(self, events: list[Any]) -> None:
        outbox = self._database.outbox
        if outbox is not None and self._session is not None and await outbox.write(self._session, events):
            self.after_commit(outbox.wake)
        await super()._before_commit(events)

    async def _run_callbacks(self) -> None:
        self._callbacks = in_fresh_scopes(self._callbacks)
        await super()._run_callbacks()

    async def _commit(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.commit()

    async def _rollback(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.rollback()

    async def _open_savepoint(self) -> Any:
        self._savepoints += 1
        name = f"vega_{self._savepoints}"
        await self.session.driver_sql(f"SAVEPOINT {name}")
        return name

    async def _release_savepoint(self, savepoint: Any) -> None:
        await self.session.driver_sql(f"RELEASE SAVEPOINT {savepoint}")

    async def _undo_savepoint(self, savepoint: Any) -> None:
        self.session.loaded_rows.forget()
        await self.session.undo(savepoint)
