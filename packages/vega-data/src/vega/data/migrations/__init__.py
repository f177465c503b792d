"""Migrations in process: Alembic's engine, without its subprocess, its env.py or its own loop."""

from .._migration_folder import MigrationFolder, Revision
from ._migrations import Migrations
from ._reports import CheckReport, Status

__all__ = ["CheckReport", "MigrationFolder", "Migrations", "Revision", "Status"]
