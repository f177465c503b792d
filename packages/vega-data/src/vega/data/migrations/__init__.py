"""Migrations in process: Alembic's engine, without a subprocess, an env.py or a separate loop."""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._folder import MigrationFolder as MigrationFolder
    from ._folder import Revision as Revision
    from ._migrations import Migrations as Migrations
    from ._rename_operations import rename_constraints as rename_constraints
    from ._rename_operations import rename_indexes as rename_indexes
    from ._reports import CheckReport as CheckReport
    from ._reports import Status as Status

_WHERE = {
    "CheckReport": "_reports",
    "MigrationFolder": "_folder",
    "Migrations": "_migrations",
    "Revision": "_folder",
    "Status": "_reports",
    "rename_constraints": "_rename_operations",
    "rename_indexes": "_rename_operations",
}

__all__ = ["CheckReport", "MigrationFolder", "Migrations", "Revision", "Status", "rename_constraints", "rename_indexes"]

lazy_names(__name__, _WHERE)
