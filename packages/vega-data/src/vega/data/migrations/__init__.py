"""Migrations in process: Alembic's engine, without its subprocess, its env.py or its own loop."""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._folder import MigrationFolder as MigrationFolder
    from ._folder import Revision as Revision
    from ._migrations import Migrations as Migrations
    from ._reports import CheckReport as CheckReport
    from ._reports import Status as Status

_WHERE = {
    "CheckReport": "_reports",
    "MigrationFolder": "_folder",
    "Migrations": "_migrations",
    "Revision": "_folder",
    "Status": "_reports",
}

__all__ = ["CheckReport", "MigrationFolder", "Migrations", "Revision", "Status"]

lazy_names(__name__, _WHERE)
