"""The feature `data`: a database opened and closed with the application, and a unit of work for each scope."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from vega.core.extend import AddDependency, EnableFeature, Finding, Operation, Plugin, Project, WriteFile
from vega.di import Scope
from vega.patterns import UnitOfWork

from .location import DataSettings, database_of, database_of_project, migrations_folder
from .pending_migrations import PendingMigrations, sentence

if TYPE_CHECKING:  # the database loads SQLAlchemy, not needed by commands such as `vega add`
    from vega.core import Application

    from .._connection.database import Database


class DataPlugin(Plugin):
    """The provider of `Database` (a singleton), `UnitOfWork` and `SQLAlchemyUnitOfWork` (one for each scope)."""

    feature = "data"

    def __init__(self) -> None:
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """The application's database.

        Raises:
            DatabaseStateError: the plugin has not been configured.
        """
        from .._errors import DatabaseStateError

        if self._database is None:
            raise DatabaseStateError("there is no database yet", "the feature data", "load the application first")
        return self._database

    def configure(self, app: Application) -> None:
        """Register the database, configured by settings and environment."""
        from .._connection.database import Database
        from .._connection.unit_of_work import SQLAlchemyUnitOfWork

        database = self._database = database_of(app.project, app.settings)
        app.container.register_instance(Database, database)
        # The caller enters the unit; a unit entered by the scope would make every request a transaction.
        app.container.register_factory(SQLAlchemyUnitOfWork, database.unit, scope=Scope.SCOPED, enter=False)
        app.container.alias(UnitOfWork, SQLAlchemyUnitOfWork)

    async def startup(self, app: Application) -> None:
        """Open the pool; connections open on demand."""
        if self._database is not None:
            await self._database.open()

    async def shutdown(self, app: Application) -> None:
        """Close all connections."""
        if self._database is not None:
            await self._database.close()

    def health(self, app: Application) -> Mapping[str, Callable[[], Awaitable[object]]]:
        """Return the health checks: the database responds, and no migration is pending."""
        pending = PendingMigrations(self.database, migrations_folder(app.project))
        return {"database": self.database.ping, "migrations": pending.require_none}

    def notices(self, project: Project) -> Sequence[str]:
        """Name pending migrations, in development."""
        if DataSettings.load(project.root).profile != "development" or not _has_migrations(project):
            return []
        names = asyncio.run(_pending(project))
        return [f"{sentence(names)}; run: vega migrate upgrade"] if names else []

    def add(self, project: Project) -> Sequence[Operation]:
        """Return the requirement, the feature and the folder of migrations."""
        folder = migrations_folder(project).relative_to(project.root).as_posix()
        return [
            AddDependency("vega-data[cli]>=0.1,<0.2"),
            EnableFeature(self.feature),
            WriteFile(f"{folder}/README.md", _README),
        ]

    def checks(self, project: Project) -> Sequence[Finding]:
        """Report several heads, and unreadable migration files."""
        from .._errors import MigrationError
        from ..migrations._folder import MigrationFolder

        try:
            MigrationFolder(migrations_folder(project)).head()
        except MigrationError as error:
            return [Finding(severity="error", code=error.code, what=error.what, where=error.where, fix=error.fix)]
        return []


def _has_migrations(project: Project) -> bool:
    return any(migrations_folder(project).glob("*.py"))


async def _pending(project: Project) -> list[str]:
    """Return the pending migrations of a project; empty for an unreachable database, reported by other checks."""
    from .._errors import DataError

    try:
        async with asyncio.timeout(_PATIENCE), database_of_project(project) as database:
            return await PendingMigrations(database, migrations_folder(project)).names()
    except (DataError, TimeoutError):
        return []


_PATIENCE: Final = 3.0  # seconds
_README = """\
# Migrations

One file each, in the order of their numbers: `vega migrate create -m "add price"`, `vega migrate upgrade`.
"""
