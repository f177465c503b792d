"""A lock on migrations: all changes run in a single transaction, one migration process at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from .._errors import MigrationError

R = TypeVar("R")
_ADVISORY: Final = 8_391_204_557_210_331_146  # "vega migrate" among the advisory locks of a database
_BLOCKERS: Final = """
    SELECT DISTINCT a.pid, a.application_name, left(a.query, 60)
    FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
    WHERE l.granted AND l.pid <> pg_backend_pid() AND a.datname = current_database()
      AND (l.relation IS NOT NULL OR l.locktype = 'advisory') AND a.state <> 'idle'
    ORDER BY 1 LIMIT 5
"""


def locked(connection: Connection, timeout: float, work: Callable[[Connection], R]) -> R:
    """Run work in a transaction, under the lock of migrations.

    Args:
        connection: a fresh connection.
        timeout: how long to wait for any lock, in seconds.
        work: the function that changes the schema.

    Raises:
        MigrationError: on SQLite, rows refer to dropped rows or tables.
    """
    if connection.dialect.name == "sqlite":
        return _on_sqlite(connection, timeout, work)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(timeout * 1000)}")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY})")
    try:
        result = work(connection)
    except BaseException:
        _undo(connection, connection.rollback)
        raise
    connection.commit()
    return result


def _on_sqlite(connection: Connection, timeout: float, work: Callable[[Connection], R]) -> R:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
    # A rebuild drops the old table, which with foreign keys on would delete the referencing rows.
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        _refuse_orphans(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        _undo(connection, lambda: connection.exec_driver_sql("ROLLBACK"))
        raise
    connection.commit()
    return result


def _undo(connection: Connection, rollback: Callable[[], object]) -> None:
    """Roll back, unless a cancellation or a lost connection has rolled back already."""
    if not connection.invalidated:
        rollback()


def _refuse_orphans(connection: Connection) -> None:
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if orphans:
        tables = sorted({str(row[0]) for row in orphans})
        raise MigrationError(
            f"{len(orphans)} rows of {', '.join(tables)} would refer to what is gone",
            "the foreign keys",
            "delete or change those rows in the migration",
        )


async def who_blocks(engine: AsyncEngine) -> str:
    """Return a clause that names the holders of locks; empty when the holders are unknown."""
    if engine.dialect.name == "sqlite":
        return ""
    try:
        async with engine.connect() as connection:
            rows: Sequence[Any] = (await connection.exec_driver_sql(_BLOCKERS)).all()
    except (SQLAlchemyError, OSError):  # the message omits the holders
        return ""
    holders = "; ".join(f"process {row[0]} ({row[1] or 'no name'}: {' '.join(str(row[2]).split())})" for row in rows)
    return f"; locks are held by {holders}" if holders else ""
