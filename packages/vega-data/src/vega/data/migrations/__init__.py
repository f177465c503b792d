"""Migrations in process: Alembic's engine, without its subprocess, its env.py or its own loop."""

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
