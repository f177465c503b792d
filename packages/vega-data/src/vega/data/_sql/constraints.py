"""Keys, references, defaults and checks of a table, as declared, and references that close a cycle of tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
    and_,
    literal,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import UnaryExpression, conv
from sqlalchemy.sql.operators import desc_op
from sqlalchemy.types import TypeEngine

from vega.patterns.query import InvalidValueError

from .._mapping.columns import Column as LayoutColumn
from .._mapping.entity_mapping import UniqueKey
from .._mapping.field_defaults import MISSING, default_value
from .._mapping.policies import Policies
from .column_types import default_of
from .names import fitted

FIELD_DEFAULT: Final = "vega_default"
_WHERE: Final = ("sqlite_where", "postgresql_where")
_OTHERS: Final = re.compile(r"\W+")


class Descending(UnaryExpression[Any]):
    """A descending column in an index, missing values last: the default order of a query."""

    inherit_cache = True


@compiles(Descending, "postgresql")
def _on_postgresql(element: Descending, compiler: Any, **options: Any) -> str:
    """Write NULLS LAST for a nullable column; SQLite has no such syntax in an index, and sorts NULL last."""
    text = cast("str", compiler.visit_unary(element, **options))
    column = cast("Column[Any]", element.element)
    return f"{text} NULLS LAST" if column.nullable else text


def add_constraints(policies: Policies, table: Table) -> None:
    """Add the unique keys, the indexes and the checks of an entity to the table."""
    mapping = policies.mapping
    for key in mapping.unique_keys():
        columns = _columns(policies, table, key.names)
        if key.condition:
            condition = key_condition(policies, key, lambda path: table.c[policies.layout.by_path[path].name])
            Index(
                _index_name(policies, table, key),
                *columns,
                unique=True,
                sqlite_where=condition,
                postgresql_where=condition,
            )
        else:
            table.append_constraint(UniqueConstraint(*columns))
    for group in mapping.index_keys():
        _add_index(policies, table, group)
    for title, rule in mapping.checks.items():
        table.append_constraint(CheckConstraint(literal_column(rule), name=conv(fitted(f"ck_{table.name}_{title}"))))


def key_condition(policies: Policies, key: UniqueKey, column: Callable[[str], Column[Any]]) -> ColumnElement[bool]:
    """Return the condition of a unique key, as SQL text that both databases read alike.

    Args:
        policies: the policies of the entity.
        key: the key, with a condition.
        column: returns the column of a field.
    """
    return and_(*(_equals(policies, column(path), path, value) for path, value in key.condition.items()))


def foreign_key(policies: Policies, column: LayoutColumn) -> list[ForeignKey]:
    """Return the foreign key of a field, as a list; empty without a reference."""
    reference = policies.mapping.reference(column.dotted)
    if reference is None:
        return []
    action = None if reference.on_delete == "no action" else reference.on_delete.upper()
    return [ForeignKey(reference.target, ondelete=action)]


def server_default(policies: Policies, column: LayoutColumn, kind: TypeEngine[Any]) -> Any:
    """Return the value that the database stores for an omitted column; None without a value."""
    value = policies.mapping.server_defaults.get(column.dotted)
    return None if value is None else default_of(column, value, kind)


def field_default(entity: type, column: LayoutColumn, kind: TypeEngine[Any]) -> dict[str, Any]:
    """Return the default declared in the class, as `info` of a column: migrations fill rows without a value."""
    value = default_value(entity, column)
    if value is MISSING or value is None:
        return {}
    try:
        return {FIELD_DEFAULT: default_of(column, value, kind)}
    except InvalidValueError:  # a placeholder for a value generated later, or an invalid default
        return {}


def _columns(policies: Policies, table: Table, paths: tuple[str, ...]) -> list[Column[Any]]:
    return [table.c[policies.layout.by_path[path].name] for path in paths]


def _index_name(policies: Policies, table: Table, key: UniqueKey) -> conv:
    words = ["uq", table.name, *(column.name for column in _columns(policies, table, key.names))]
    if set(key.condition) != {policies.mapping.soft_delete}:
        words += [_OTHERS.sub("_", f"{path}_{value}") for path, value in key.condition.items()]
    return conv(fitted("_".join(words)))


def _equals(policies: Policies, column: Column[Any], path: str, value: Any) -> ColumnElement[bool]:
    if value is None:
        return column.is_(None)
    wanted = default_of(policies.layout.by_path[path], value, column.type)
    return column == (literal(wanted) if isinstance(wanted, str) else wanted)


def _add_index(policies: Policies, table: Table, group: tuple[str, ...]) -> None:
    """Add an index of fields; `-` precedes descending fields."""
    columns = _columns(policies, table, tuple(path.removeprefix("-") for path in group))
    descends = [path.startswith("-") for path in group]
    if not any(descends):
        Index(None, *columns)
        return
    directed = list(zip(columns, descends, strict=True))
    words = "_".join(f"{column.name}_desc" if descending else column.name for column, descending in directed)
    Index(
        conv(fitted(f"ix_{table.name}_{words}")),
        *(Descending(column, modifier=desc_op) if descending else column for column, descending in directed),
    )


def creation_order(
    references: Mapping[str, Sequence[ForeignKeyConstraint]],
) -> tuple[list[str], list[ForeignKeyConstraint]]:
    """Return tables in order of creation, referenced tables first, and the references that close a cycle.

    Args:
        references: the foreign keys of each table.
    """
    order: list[str] = []
    closing: list[ForeignKeyConstraint] = []
    open_tables: list[str] = []

    def visit(table: str) -> None:
        open_tables.append(table)
        for reference in references[table]:
            target = referred_table(reference)
            if reference.use_alter or (target in open_tables and target != table):
                closing.append(reference)
            elif target in references and target not in order and target != table:
                visit(target)
        open_tables.pop()
        order.append(table)

    for table in references:
        if table not in order:
            visit(table)
    return order, closing


def mark_cycles(metadata: MetaData) -> None:
    """Make SQLAlchemy add the references that close a cycle after all tables."""
    tables = metadata.tables.values()
    _, closing = creation_order({table.fullname: _ordered(table.foreign_key_constraints) for table in tables})
    for constraint in closing:
        constraint.use_alter = True
        for element in constraint.elements:
            element.use_alter = True


def referred_table(reference: ForeignKeyConstraint) -> str:
    """Return the full name of the table referenced by a foreign key."""
    return reference.elements[0].target_fullname.rpartition(".")[0]


def _ordered(constraints: Iterable[ForeignKeyConstraint]) -> list[ForeignKeyConstraint]:
    return sorted(constraints, key=lambda constraint: str(constraint.name))
