"""What a database lacks to have the tables of the entities, in words and as the body of a migration."""

from __future__ import annotations

from typing import Any, Literal

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DowngradeOps, UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.types import TypeDecorator, TypeEngine


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """Return where a database differs from tables, one line each."""
    return [_told(one) for one in compare_metadata(_context(connection, metadata), metadata)]


def written(connection: Connection, metadata: MetaData) -> tuple[str, str]:
    """Return the bodies of `upgrade` and `downgrade` that bring a database to tables and back; empty for nothing."""
    context = _context(connection, metadata)
    script = produce_migrations(context, metadata)
    upgrade, downgrade = script.upgrade_ops, script.downgrade_ops
    if upgrade is None or downgrade is None or upgrade.is_empty():
        return "", ""
    return _rendered(upgrade, context), _rendered(downgrade, context)


def _context(connection: Connection, metadata: MetaData) -> MigrationContext:
    options: dict[str, Any] = {
        "target_metadata": metadata,
        "compare_type": _types_differ,
        "render_item": _render_type,
        "render_as_batch": connection.dialect.name == "sqlite",
    }
    return MigrationContext.configure(connection, opts=options)


def _rendered(operations: UpgradeOps | DowngradeOps, context: MigrationContext) -> str:
    text = render_python_code(
        operations,
        render_as_batch=context.dialect.name == "sqlite",
        render_item=_render_type,
        migration_context=context,
    )
    lines = [line.removeprefix("    ") for line in text.split("\n")]
    return "\n".join(line for line in lines if not line.startswith("#"))


def _render_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    named: type[Any] = item.__class__
    if kind == "type" and issubclass(named, TypeDecorator) and named.__module__ == "vega.data.types":
        return f"types.{named.__name__}()"
    return False


def _types_differ(
    context: MigrationContext,
    _inspected_column: Any,
    _metadata_column: Any,
    inspected: TypeEngine[Any],
    wanted: TypeEngine[Any],
) -> bool | None:
    """Compare our types by what they are on this database: its own description of the stored one knows no more."""
    if not isinstance(wanted, TypeDecorator):
        return None
    stored = inspected.dialect_impl(context.dialect).compile(context.dialect)
    expected = wanted.dialect_impl(context.dialect).compile(context.dialect)
    return _plain(stored) != _plain(expected)


def _plain(text: str) -> str:
    return text.partition(" COLLATE")[0].upper().replace("BIGINT", "INTEGER").partition("(")[0].strip()


def _told(one: Any) -> str:
    if one.__class__ is list:  # what differs in one column
        return "; ".join(map(_told, one))
    verb, *parts = one
    named = [getattr(part, "name", part) for part in parts if part is not None and not isinstance(part, dict)]
    return f"{str(verb).replace('_', ' ')}: {' '.join(str(part) for part in named)}"
