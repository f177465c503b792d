"""Differences between a database and the tables of the entities, in words and as the body of a migration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeGuard

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations import Operations
from alembic.operations.ops import (
    AlterColumnOp,
    CreateIndexOp,
    DowngradeOps,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    Connection,
    DefaultClause,
    MetaData,
    literal,
    literal_column,
)
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import TypeDecorator, TypeEngine

from ._alembic import conversion
from ._cycles import apart
from ._missing_values import with_values
from ._portable_types import portable, render_type, storage, written_type
from ._renames import Answers, rename_steps
from ._source import bound, laid_out, quoted
from ._stored_members import member_differences

_CONDITIONS: Final = ("sqlite_where", "postgresql_where")
_CAST: Final = re.compile(  # as PostgreSQL writes a cast after a constant; quoted texts match first, and are kept
    r"""('(?:[^']|'')*+')?::(?:character varying|timestamp with(?:out)? time zone|double precision|"[^"]+"|\w+)"""
    r"""(?:\(\d+\))?|('(?:[^']|'')*+')"""
)


def differences(connection: Connection, metadata: MetaData, owned: Callable[[str], bool]) -> list[str]:
    """Return the differences between a database and tables, one line each.

    Args:
        connection: the database.
        metadata: the tables.
        owned: whether an undeclared stored table belongs to the project; other tables are ignored.
    """
    found = [_reported(difference) for difference in compare_metadata(_context(connection, metadata, owned), metadata)]
    return [*found, *member_differences(connection, metadata)]


def written(
    connection: Connection,
    metadata: MetaData,
    owned: Callable[[str], bool],
    defaults: Mapping[str, str],
    answers: Answers,
) -> tuple[str, str]:
    """Return the bodies of `upgrade` and `downgrade` between a database and tables; empty for no difference.

    Args:
        connection: the database.
        metadata: the tables.
        owned: whether an undeclared stored table belongs to the project; other tables are ignored.
        defaults: values as text, by `table.column`, for rows without a value.
        answers: the tables and columns to rename or drop. Renames are run for the comparison, and rolled back;
            with renames, the caller must keep the database locked.

    Raises:
        MigrationError: rows could not come along, or a likely rename has no answer.
    """
    wanted = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(wanted)  # a copy, which the operations change
    context = _context(connection, wanted, owned)
    steps = rename_steps(connection, wanted, owned, answers)
    if not steps:
        return _compared(context, wanted, defaults)
    connection.exec_driver_sql("SAVEPOINT vega_renames")
    try:
        with Operations.context(context):
            for step in steps:
                step.run()
        upgrade, downgrade = _compared(context, wanted, defaults)
    finally:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT vega_renames")
    up = [laid_out(step.source()) for step in steps]
    down = [laid_out(step.back().source()) for step in reversed(steps)]
    return "\n".join(filter(None, [*up, upgrade])), "\n".join(filter(None, [downgrade, *down]))


def _compared(context: MigrationContext, wanted: MetaData, defaults: Mapping[str, str]) -> tuple[str, str]:
    upgrade = produce_migrations(context, wanted).upgrade_ops
    if upgrade is None or upgrade.is_empty():
        return "", ""
    _require_rules(upgrade.ops, context)
    upgrade.ops = apart(upgrade.ops)
    downgrade = upgrade.reverse()
    _keep_conditions(downgrade.ops)
    upgrade.ops = with_values(upgrade.ops, wanted, defaults)
    return _rendered(upgrade, context), _rendered(downgrade, context)


def _keep_conditions(operations: Iterable[MigrateOperation]) -> None:
    """Keep on both databases the condition of a recreated index that is reported by one database only."""
    for operation in operations:
        if isinstance(operation, ModifyTableOps):
            _keep_conditions(operation.ops)
        elif isinstance(operation, CreateIndexOp):
            options = operation.kw
            known = [options[word] for word in _CONDITIONS if options.get(word) is not None]
            if len(known) == 1:
                condition: ColumnElement[Any] = literal_column(
                    _CAST.sub(lambda found: found[1] or found[2] or "", str(known[0]))
                )
                options.update((word, condition) for word in _CONDITIONS if options.get(word) is None)


def _context(connection: Connection, metadata: MetaData, owned: Callable[[str], bool]) -> MigrationContext:
    def includes(_item: Any, name: str, kind: str, reflected: bool, declared: Any) -> bool:
        return kind != "table" or not reflected or declared is not None or owned(name)

    options: dict[str, Any] = {
        "include_object": includes,
        "target_metadata": metadata,
        "compare_type": _types_differ,
        "compare_server_default": _defaults_differ,
        "render_item": _render,
        "render_as_batch": True,  # a migration written on one database runs on both
    }
    return MigrationContext.configure(connection, opts=options)


def _rendered(operations: UpgradeOps | DowngradeOps, context: MigrationContext) -> str:
    text = render_python_code(operations, render_as_batch=True, render_item=_render, migration_context=context)
    text = text.replace("sa.text(", "sa.literal_column(")  # sa.text reads a colon as a bind parameter
    lines = [line.removeprefix("    ") for line in text.split("\n")]
    return laid_out("\n".join(line for line in lines if not line.startswith("#")))


def _render(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    if kind == "server_default" and isinstance(item, DefaultClause):
        return _render_default(item)
    if kind == "check" and isinstance(item, CheckConstraint):
        return _render_check(item)
    return render_type(kind, item, context)


def _render_default(default: DefaultClause) -> str | Literal[False]:
    arg: Any = default.arg
    if isinstance(arg, str):
        return quoted(arg)
    if _is_bound(arg):
        return f"sa.literal({bound(arg)}, {written_type(arg.type)})"
    return False


def _render_check(check: CheckConstraint) -> str:
    condition = quoted(str(check.sqltext.compile(compile_kwargs={"literal_binds": True})))
    name = f"op.f({quoted(str(check.name))})" if isinstance(check.name, conv) else quoted(str(check.name or ""))
    return f"sa.CheckConstraint(sa.literal_column({condition}), name={name})"


def _types_differ(
    context: MigrationContext,
    _inspected_column: Any,
    _metadata_column: Any,
    inspected: TypeEngine[Any],
    wanted: TypeEngine[Any],
) -> bool | None:
    """Compare our types by their form on this database; the database's description has no more information."""
    stored, expected = (storage(kind, context.dialect) for kind in (inspected, wanted))
    if isinstance(wanted, TypeDecorator):
        return stored != expected
    return True if expected[1] and stored[1] != expected[1] else None


def _defaults_differ(
    context: MigrationContext,
    _inspected_column: Any,
    metadata_column: Any,
    inspected: str | None,
    wanted: Any,
    _rendered: str | None,
) -> bool | None:
    """Compare the declared defaults; a default that only the database has serves other programs."""
    if wanted is None:
        return False
    arg: Any = getattr(metadata_column.server_default, "arg", None)
    value: ColumnElement[Any] | None = literal(arg) if isinstance(arg, str) else arg if _is_bound(arg) else None
    if value is None or inspected is None:
        return None
    text = value.compile(dialect=context.dialect, compile_kwargs={"literal_binds": True})
    word = "IS" if context.dialect.name == "sqlite" else "IS NOT DISTINCT FROM"
    assert context.connection is not None  # comparison needs a connection
    return not context.connection.exec_driver_sql(f"SELECT {inspected} {word} {text}").scalar()


def _is_bound(value: object) -> TypeGuard[BindParameter[Any]]:
    return isinstance(value, BindParameter)


def _require_rules(operations: Iterable[MigrateOperation], context: MigrationContext) -> None:
    """Refuse a change of type whose values no rule converts, up and down."""
    for operation in operations:
        if isinstance(operation, ModifyTableOps):
            _require_rules(operation.ops, context)
        elif isinstance(operation, AlterColumnOp) and operation.modify_type is not None:
            stored: Any = operation.existing_type
            before, place = portable(stored, context.dialect), _place(operation)
            conversion(before, operation.modify_type, context.dialect, place)
            conversion(operation.modify_type, before, context.dialect, place)


def _place(operation: AlterColumnOp) -> str:
    return f"{operation.table_name}.{operation.column_name}"


def _reported(one: Any) -> str:
    if one.__class__ is list:  # the differences of a column
        return "; ".join(map(_reported, one))
    verb, *parts = one
    named = [getattr(part, "name", part) for part in parts if part is not None and not isinstance(part, dict)]
    return f"{str(verb).replace('_', ' ')}: {' '.join(str(part) for part in named)}"
