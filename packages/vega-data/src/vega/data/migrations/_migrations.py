"""Running migrations: in a transaction, under a lock, in a separate thread and loop."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Connection, MetaData

from .._connection.database import Database
from .._connection.driver_errors import translated
from .._drivers.postgresql import create_schema, quoted
from .._errors import DestructiveMigrationError, LockTimeoutError, MigrationError, QueryTimeoutError
from ._autogenerate import differences, written
from ._folder import MigrationFolder, Revision
from ._locks import locked, who_blocks
from ._renames import Answers
from ._reports import CheckReport, Status
from ._script import Script, current
from ._thread import in_thread

R = TypeVar("R")
_HEAD: Final = "head"
_BASE: Final = "base"
_ALLOW: Final = "look at it, then run again with --allow-destructive"


class Migrations:
    """The migrations of a database.

    Each call works in a separate thread and loop, so that any loop may await the call. Changes are made in a
    single transaction: a failing step leaves schema and revision unchanged.

    Args:
        database: the database to migrate; need not be open.
        folder: the folder of the migration files.
        metadata: the intended tables; the tables of the declared repositories when None.
        ignore: patterns of tables to ignore, such as `spatial_*`, also tables that a migration created.
        timeout: how long to wait for locks, in seconds, more than 0.
        deadline: how long a call may take in all, in seconds; None for no limit.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        metadata: MetaData | None = None,
        ignore: Iterable[str] = (),
        timeout: float = 30.0,
        deadline: float | None = None,
    ) -> None:
        self._database, self._folder = database, MigrationFolder(folder)
        self._ignored = tuple(ignore)
        self._metadata, self._timeout, self._deadline = metadata, timeout, deadline

    @property
    def folder(self) -> MigrationFolder:
        """The files."""
        return self._folder

    async def upgrade(self, revision: str = _HEAD, *, allow_destructive: bool = False) -> list[str]:
        """Run the pending migrations up to a revision; return the names.

        Raises:
            DestructiveMigrationError: a migration drops or narrows data, without permission.
            MigrationError: there are several heads, the revision is unknown, or a step fails.
            LockTimeoutError: a lock was not released in time; the message names the holder.
        """
        self._folder.head()

        def work(connection: Connection) -> list[str]:
            script = self._script()
            if self._database.schema:
                create_schema(connection, self._database.schema)
            names = script.names(connection, revision, up=True)
            if not allow_destructive:
                self._refuse(names, "upgrade")
            script.run(connection, revision, self._target(), up=True)
            return names

        return await self._changing(work)

    async def downgrade(self, revision: str, *, allow_destructive: bool = False) -> list[str]:
        """Revert migrations down to a revision, `base` for all or `-1` for the last; return the names.

        Raises:
            DestructiveMigrationError: a migration drops data, without permission.
            MigrationError: the revision is unknown, or a step fails.
        """

        def work(connection: Connection) -> list[str]:
            script = self._script()
            names = script.names(connection, revision, up=False)
            if not allow_destructive:
                self._refuse(names, "downgrade")
            script.run(connection, revision, self._target(), up=False)
            return names

        return await self._changing(work)

    async def status(self) -> Status:
        """Return where the database stands."""

        def work(connection: Connection) -> Status:
            pending = self._script().names(connection, _HEAD, up=True) if self._folder.head() else []
            by_name = {revision.id: revision for revision in self._folder.revisions()}
            return Status(
                current=current(connection),
                head=self._folder.head(),
                pending=tuple(by_name[name] for name in pending),
            )

        return await self._reading(work)

    async def current(self) -> tuple[str, ...]:
        """Return the names of the database's current migrations."""
        return await self._reading(current)

    def history(self) -> list[Revision]:
        """Return the migrations, latest first, without access to the database."""
        return list(reversed(self._folder.revisions()))

    async def create(
        self,
        message: str,
        *,
        empty: bool = False,
        defaults: Mapping[str, str] | None = None,
        renames: Mapping[str, str] | None = None,
        drops: Iterable[str] = (),
    ) -> Path:
        """Write a migration that brings the database to the tables of the entities; return the file.

        Args:
            message: the change, in words.
            empty: leave both functions empty, to be written by hand.
            defaults: values as text, by `table.column`, for existing rows, where a field without a default
                becomes required.
            renames: new names, by `table` or `table.column` of the database.
            drops: each `table` or `table.column` to drop although a new name is similar.

        Raises:
            MigrationError: the database is not at the head, there is nothing to change, rows could not come along, or
                a likely rename is neither among the renames nor among the drops.
        """
        upgrade = downgrade = ""
        answers = Answers(renames=renames or {}, drops=frozenset(drops))
        if empty and (defaults or renames or answers.drops):
            raise MigrationError(
                "an empty migration has no steps for defaults, renames or drops", message, "leave them or `empty` out"
            )
        if not empty:
            run = self._changing if renames else self._reading  # renames are run, and undone
            upgrade, downgrade = await run(lambda connection: self._compare(connection, defaults or {}, answers))
            if not upgrade.strip():
                raise MigrationError(
                    "the database has the tables of the entities already", str(self._folder.path), "nothing to do"
                )
        return self._write(*self._folder.render(message, upgrade, downgrade))

    def merge(self, message: str = "merge") -> Path:
        """Write a migration that follows all heads and leaves a single head; return the file.

        Args:
            message: the change, in words.

        Raises:
            MigrationError: there are fewer than two heads.
        """
        return self._write(*self._folder.render_merge(message))

    async def check(self) -> CheckReport:
        """Compare files, database and entities.

        Raises:
            MigrationError: there are several heads.
        """
        self._folder.head()

        def work(connection: Connection) -> CheckReport:
            pending = self._script().names(connection, _HEAD, up=True) if self._folder.head() else []
            drift = [] if pending else differences(connection, self._target(), self._owned())
            return CheckReport(
                pending=tuple(pending),
                drift=tuple(drift),
                destructive=tuple(self._folder.destructive_steps(pending)),
            )

        return await self._reading(work)

    def sql(self, revision: str = _HEAD, *, start: str = _BASE) -> str:
        """Return the statements of an upgrade as text; no database is asked.

        Args:
            revision: where to.
            start: where from.
        """
        statements = self._script().sql(self._database.dialect, revision, start)
        if not self._database.schema:
            return statements
        name = quoted(self._database.schema)
        return f"CREATE SCHEMA IF NOT EXISTS {name};\n\nSET search_path TO {name};\n\n{statements}"

    def _write(self, name: str, text: str) -> Path:
        self._folder.path.mkdir(parents=True, exist_ok=True)
        file = self._folder.path / name
        file.write_text(text, encoding="utf-8")
        return file

    def _compare(self, connection: Connection, defaults: Mapping[str, str], answers: Answers) -> tuple[str, str]:
        if self._folder.head() and self._script().names(connection, _HEAD, up=True):
            raise MigrationError(
                "the database is behind the migrations", str(self._folder.path), "run: vega migrate upgrade"
            )
        return written(connection, self._target(), self._owned(), defaults, answers)

    def _target(self) -> MetaData:
        declared = self._metadata if self._metadata is not None else self._database.metadata()
        if not any(map(self._is_ignored, declared.tables)):
            return declared
        target = MetaData(naming_convention=declared.naming_convention)
        for name, table in declared.tables.items():
            if not self._is_ignored(name):
                table.to_metadata(target)
        return target

    def _owned(self) -> Callable[[str], bool]:
        created = self._folder.created_tables()
        return lambda table: table in created and not self._is_ignored(table)

    def _is_ignored(self, table: str) -> bool:
        return any(fnmatchcase(table, pattern) for pattern in self._ignored)

    def _script(self) -> Script:
        return Script(self._folder.path)

    def _refuse(self, names: list[str], function: str) -> None:
        losses = self._folder.destructive_steps(names, function)
        if losses:
            raise DestructiveMigrationError(
                f"the {function} would lose what is stored: {'; '.join(losses)}", str(self._folder.path), _ALLOW
            )

    async def _changing(self, work: Callable[[Connection], R]) -> R:
        return await in_thread(lambda: self._connected(lambda connection: locked(connection, self._timeout, work)))

    async def _reading(self, work: Callable[[Connection], R]) -> R:
        return await in_thread(lambda: self._connected(work))

    async def _connected(self, work: Callable[[Connection], R]) -> R:
        engine = self._database.pool.make_engine()
        try:
            async with asyncio.timeout(self._deadline), engine.connect() as connection:
                with translated(), warnings.catch_warnings():
                    # Indexes of expressions are kept, but not compared.
                    warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
                    return await connection.run_sync(work)
        except LockTimeoutError as error:
            blockers = await who_blocks(engine)
            raise LockTimeoutError(
                f"a lock was not free within {self._timeout:g} s{blockers}",
                self._database.url.render_as_string(),
                "end the other transaction, or give more time: --timeout SECONDS",
            ) from error
        except TimeoutError as error:
            raise QueryTimeoutError(
                f"the migration took longer than {self._deadline:g} s", str(self._folder.path), "allow more time"
            ) from error
        finally:
            await engine.dispose()
