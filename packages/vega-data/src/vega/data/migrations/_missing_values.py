"""Columns that become required in a table that may hold rows: each row gets a value, or the migration is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp, ExecuteSQLOp, MigrateOperation, ModifyTableOps
from sqlalchemy import Column, ColumnElement, DefaultClause, MetaData, literal

from .._errors import MigrationError
from .._sql.constraints import FIELD_DEFAULT
from ._conversions import kind_of, rule


def with_values(
    operations: Iterable[MigrateOperation], metadata: MetaData, defaults: Mapping[str, str]
) -> list[MigrateOperation]:
    """Return operations that leave no row without a value.

    A new column has the default of its field as its server default; the rows that lack a value get it before their
    column becomes required.

    Args:
        operations: the operations on tables; new columns among them are given a server default.
        metadata: the tables as they will be.
        defaults: values by `table.column`, as text, in place of those that the fields declare.

    Raises:
        MigrationError: a column has no default, and none is given.
    """
    found: list[MigrateOperation] = []
    lacking: list[str] = []
    for operation in operations:
        if isinstance(operation, ModifyTableOps):
            for change in operation.ops:
                place, column = _required(change, metadata)
                if column is None:
                    continue
                value = _value(place, column, defaults)
                if value is None:
                    lacking.append(place)
                elif isinstance(change, AddColumnOp):
                    column.server_default = DefaultClause(value)
                elif isinstance(value, str):
                    found.append(ExecuteSQLOp(_fill(column, value)))
                else:
                    lacking.append(place)
        found.append(operation)
    if lacking:
        raise MigrationError(
            f"{', '.join(lacking)} must have a value, and rows that are there have none",
            "the fields without a default",
            f"give the field a default, or name a value for those rows: --default {lacking[0]}=VALUE",
        )
    return found


def _required(change: MigrateOperation, metadata: MetaData) -> tuple[str, Column[Any] | None]:
    """Return the place and the column of a change after which no row may lack a value; None for other changes."""
    if isinstance(change, AddColumnOp):
        column: Column[Any] = change.column
        needs = not column.nullable and column.server_default is None and column.computed is None
        return f"{change.table_name}.{column.name}", column if needs else None
    if isinstance(change, AlterColumnOp) and change.modify_nullable is False:
        key = f"{change.schema}.{change.table_name}" if change.schema else change.table_name
        columns = {column.name: column for column in metadata.tables[key].c}
        return f"{change.table_name}.{change.column_name}", columns[change.column_name]
    return "", None


def _value(place: str, column: Column[Any], defaults: Mapping[str, str]) -> str | ColumnElement[Any] | None:
    if place in defaults:
        kind, text = kind_of(column.type), defaults[place]
        parse = rule("text", kind)
        try:
            value = text if parse is None else parse(text)
        except (ValueError, ArithmeticError) as error:
            raise MigrationError(f"{text!r} is not a {kind}", f"--default {place}", f"give a {kind}") from error
        if isinstance(value, bool):
            return str(int(value))
        return literal(value, column.type) if isinstance(value, datetime) else text
    declared: Any = getattr(column.server_default, "arg", None)
    return declared if declared is not None else column.info.get(FIELD_DEFAULT)


def _fill(column: Column[Any], value: str) -> str:
    table, name = _quoted(column.table.name), _quoted(column.name)
    schema = f"{_quoted(column.table.schema)}." if column.table.schema else ""
    literal = value.replace("'", "''")
    update = f"UPDATE {schema}{table} SET {name} = '{literal}' WHERE {name} IS NULL"  # noqa: S608 - quoted names, a literal
    return update.replace(":", "\\:")  # Alembic reads a colon as a parameter


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
