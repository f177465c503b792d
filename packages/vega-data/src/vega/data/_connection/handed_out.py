"""Monitoring of SQLAlchemy connections in user code: failures, and transactions ended by the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from .._errors import DatabaseStateError
from .driver_errors import data_error

if TYPE_CHECKING:  # avoids an import cycle: pool, session, this module
    from .session import Session


class HandedOut:
    """The connections in user code, with the sessions of the connections."""

    def __init__(self) -> None:
        self._sessions: WeakKeyDictionary[Connection, Session] = WeakKeyDictionary()

    def listen(self, engine: AsyncEngine) -> None:
        """Hear of the errors of an engine."""
        event.listen(engine.sync_engine, "handle_error", self._failed)

    def watch(self, connection: Connection, session: Session) -> None:
        """Report failures on a connection to the session."""
        if self._sessions.get(connection) is session:
            return
        self._sessions[connection] = session
        event.listen(connection, "rollback_savepoint", self._undone)
        event.listen(connection, "commit", self._ended)
        event.listen(connection, "rollback", self._ended)

    def _failed(self, context: ExceptionContext) -> None:
        session = None if context.connection is None else self._sessions.get(context.connection)
        error = context.sqlalchemy_exception
        if session is None or session.failure is not None:
            return
        if isinstance(error, DBAPIError):
            session.fail(data_error(error), can_be_undone=True)
        elif not isinstance(context.original_exception, Exception):  # a cancellation
            session.fail(context.original_exception)

    def _undone(self, connection: Connection, *_savepoint: Any) -> None:
        session = self._sessions.get(connection)
        if session is not None:
            session.recover()

    def _ended(self, connection: Connection) -> None:
        session = self._sessions.get(connection)
        if session is not None and not session.is_closed:
            session.fail(
                DatabaseStateError(
                    "the transaction of a unit was ended through its connection",
                    "database.connection()",
                    "leave commit and rollback to the unit; undo a part with connection.begin_nested()",
                )
            )
