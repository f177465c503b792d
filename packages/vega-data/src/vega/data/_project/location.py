"""The location of a project's database and migrations."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vega.core.extend import Project
from vega.settings import BaseSettings

if TYPE_CHECKING:  # for annotations, which are not evaluated at run time
    from .._connection.database import Database


class DataSettings(BaseSettings):
    """Database settings from the environment and `.env`.

    Attributes:
        database_url: the URL, from `DATABASE_URL`; a SQLite file beside pyproject.toml when empty.
        database_pool_size: the largest number of open connections, from `DATABASE_POOL_SIZE`.
        database_idle_limit: how long a unit of work may keep an idle connection before a warning, in
            seconds, from `DATABASE_IDLE_LIMIT`; 0 for no limit.
        database_transaction_pooler: whether a pooler such as PgBouncer stands between, in transaction mode, from
            `DATABASE_TRANSACTION_POOLER`.
        database_schema: the schema of PostgreSQL for all tables, from `DATABASE_SCHEMA`; the server's default
            when empty.
        migrations_ignore: patterns of tables that migrations ignore, from `MIGRATIONS_IGNORE`, such as
            `spatial_*,celery_*`; tables that no migration created are always ignored.
        cursor_secret: signs the cursors of pages, from `CURSOR_SECRET`; made from the URL when empty.
    """

    database_url: str = ""
    database_pool_size: int = 5
    database_idle_limit: float = 10.0
    database_transaction_pooler: bool = False
    database_schema: str = ""
    migrations_ignore: tuple[str, ...] = ()
    cursor_secret: str = ""


def database_of(project: Project, settings: object | None = None) -> Database:
    """Return the database of a project, not open.

    Args:
        project: the project.
        settings: the application's settings; `database_url` of the settings has precedence.

    Raises:
        DatabaseStateError: the URL cannot be used.
    """
    from .._connection.database import Database

    read = DataSettings.load(project.root)
    chosen: Any = getattr(settings, "database_url", None)
    url = str(chosen.get_secret_value() if hasattr(chosen, "get_secret_value") else chosen or read.database_url)
    database = Database(
        url or f"sqlite+aiosqlite:///{project.root / project.package}.db",
        package=project.package,
        pool_size=read.database_pool_size,
        idle_limit=read.database_idle_limit,
        transaction_pooler=read.database_transaction_pooler,
        schema=read.database_schema,
        cursor_secret=read.cursor_secret,
    )
    if "outbox" in project.features:  # the tables of the outbox then belong to the schema in every process
        from ..outbox import Outbox

        Outbox(database)
    return database


def database_of_project(project: Project) -> Database:
    """Return the database of a project by the project's settings, not open.

    Raises:
        MigrationError: the package of the project cannot be imported.
    """
    make_importable(project)
    return database_of(project, _settings(project))


def make_importable(project: Project) -> None:
    """Put the folder of a project on the path of imports.

    Raises:
        MigrationError: the package does not exist.
    """
    from .._errors import MigrationError

    root = str(project.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    if find_spec(project.package) is None:
        raise MigrationError(
            f"the package {project.package} cannot be imported", root, "set [tool.vega] package to its name"
        )


def _settings(project: Project) -> object | None:
    """Return the project's settings, if the settings have a database URL."""
    name = f"{project.package}.settings"
    if find_spec(name) is None:
        return None
    for value in vars(import_module(name)).values():
        if isinstance(value, type) and issubclass(value, BaseSettings) and "database_url" in value.model_fields:
            return value.load(project.root)
    return None


def migrations_folder(project: Project) -> Path:
    """Return the folder of a project's migrations."""
    return project.source / "infrastructure" / "migrations" / "versions"
