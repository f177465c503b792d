"""Pending migrations of a project's database, found without Alembic, which servers need not load."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..migrations._folder import MigrationFolder, Revision

if TYPE_CHECKING:  # the database loads SQLAlchemy, not needed by commands such as `vega add`
    from .._connection.database import Database


class PendingMigrations:
    """The pending migrations of a database; when none is pending, files and database are not read again.

    Args:
        database: the database, open at the first call.
        folder: the folder of the migration files; without files, nothing is pending.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, MigrationFolder(folder)
        self._revisions: list[Revision] | None = None
        self._is_current = False

    async def require_none(self) -> None:
        """Raise an error with the names of pending migrations: a readiness check.

        Raises:
            MigrationError: migrations are pending, or a file cannot be read.
        """
        from .._errors import MigrationError

        names = await self.names()
        if names:
            raise MigrationError(sentence(names), str(self._folder.path), "run: vega migrate upgrade")

    async def names(self) -> list[str]:
        """Return the names of the pending migrations, in the order of files.

        Raises:
            MigrationError: a file cannot be read.
        """
        if self._is_current:
            return []
        if self._revisions is None:
            self._revisions = await asyncio.to_thread(self._folder.revisions)
        pending = _after(self._revisions, await self._stored()) if self._revisions else []
        self._is_current = not pending
        return pending

    async def _stored(self) -> set[str]:
        from sqlalchemy import String, column, select, table

        from .._errors import OutdatedSchemaError

        versions = select(column("version_num", String)).select_from(table("alembic_version"))
        try:
            async with self._database.reading() as session:
                return {str(row[0]) for row in await session.execute(versions)}
        except OutdatedSchemaError:  # no migration has ever run
            return set()


def sentence(names: list[str]) -> str:
    """Return pending migrations in words."""
    verb = "is" if len(names) == 1 else "are"
    return f"{', '.join(names)} {verb} pending"


def _after(revisions: Iterable[Revision], stored: set[str]) -> list[str]:
    """Return the migrations that do not lead to the stored ones; empty when the database is ahead of the files."""
    by_name = {revision.id: revision for revision in revisions}
    if not stored <= by_name.keys():
        return []
    done: set[str] = set()
    waiting = list(stored)
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in done:
            done.add(name)
            waiting += by_name[name].down
    return [name for name in by_name if name not in done]
