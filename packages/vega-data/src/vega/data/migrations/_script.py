"""The interface to Alembic: the steps between revisions, and running the steps."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script as AlembicScript
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData

from .._errors import MigrationError
from ._failures import explained

_LAST: Final = re.compile(r"-\d+")


class Script:
    """The migration files of a folder, for Alembic.

    Args:
        folder: the folder; created if missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._directory = ScriptDirectory(str(folder), version_locations=[str(folder)])

    def names(self, connection: Connection, revision: str, *, up: bool) -> list[str]:
        """Return the names of the steps from a database to a revision.

        Raises:
            MigrationError: the revision is unknown, or lies in the other direction.
        """
        with _Explained(self._folder):
            return [step.revision.revision for step in self._steps(revision, current(connection), up=up)]

    def run(self, connection: Connection, revision: str, target: MetaData, *, up: bool) -> None:
        """Lead a database to a revision.

        Raises:
            MigrationError: a step fails.
        """
        with _Explained(self._folder), self._environment(revision, up=up) as environment:
            environment.configure(connection=connection, target_metadata=target, transactional_ddl=True)
            environment.run_migrations()

    def sql(self, dialect: str, revision: str, start: str) -> str:
        """Return the statements from a revision up to a later revision."""
        output = io.StringIO()
        offline = {"as_sql": True, "starting_rev": start}
        with _Explained(self._folder), self._environment(revision, up=True, **offline) as environment:
            environment.configure(
                dialect_name=dialect, output_buffer=output, literal_binds=True, transactional_ddl=True
            )
            with environment.begin_transaction():
                environment.run_migrations()
        return output.getvalue()

    def _environment(self, revision: str, *, up: bool, **options: Any) -> EnvironmentContext:
        def steps(at: Any, _context: MigrationContext) -> list[RevisionStep]:
            return self._steps(revision, at, up=up)

        return EnvironmentContext(Config(), self._directory, fn=steps, destination_rev=revision, **options)

    def _steps(self, revision: str, at: Any, *, up: bool) -> list[RevisionStep]:
        """Return the steps from `at`: annotated as str in Alembic, which accepts the tuple of all heads."""
        known = self._directory.revision_map
        make: Callable[..., RevisionStep]
        if up:
            found = reversed(list(self._directory.iterate_revisions(revision, at, implicit_base=True)))
            make = MigrationStep.upgrade_from_script
        else:
            found = iter(self._downgraded(revision, at))
            make = MigrationStep.downgrade_from_script
        return [make(known, script) for script in found]

    def _downgraded(self, revision: str, at: Any) -> list[AlembicScript]:
        if _LAST.fullmatch(revision):  # Alembic refuses the form after a merge
            return list(self._directory.iterate_revisions(at, "base"))[: int(revision[1:])]
        return list(self._directory.iterate_revisions(at, revision, select_for_downgrade=True))


def current(connection: Connection) -> tuple[str, ...]:
    """Return the names of the current migrations of a database."""
    return tuple(MigrationContext.configure(connection).get_current_heads())


class _Explained:
    """A context manager that raises errors of Alembic and migration files as MigrationError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, CommandError | RevisionError):
            raise MigrationError(str(error), str(self._folder), "see the migrations: vega migrate history") from error
        if isinstance(error, Exception):
            found = explained(error, self._folder)
            if found is not None:
                raise found from error
