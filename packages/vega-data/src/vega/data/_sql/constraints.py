"""Keys, references, defaults and checks of a table, as the mapping of its entity declares them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    and_,
    false,
    literal,
    literal_column,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import UnaryExpression, conv
from sqlalchemy.sql.operators import desc_op
from sqlalchemy.types import TypeEngine

from .._mapping.columns import Column as LayoutColumn
from .._mapping.entity_mapping import UniqueKey
from .._mapping.policies import Policies
from .names import fitted

_WHERE: Final = ("sqlite_where", "postgresql_where")
_OTHERS: Final = re.compile(r"\W+")


class Descending(UnaryExpression[Any]):
    """A column that descends in an index, missing values last: the order of a query unless it says otherwise."""

    inherit_cache = True


@compiles(Descending, "postgresql")
def _on_postgresql(element: Descending, compiler: Any, **options: Any) -> str:
    """Write NULLS LAST for a column that may be NULL; SQLite has no such words in an index, and puts them last."""
    text = cast("str", compiler.visit_unary(element, **options))
    column = cast("Column[Any]", element.element)
    return f"{text} NULLS LAST" if column.nullable else text


def add_constraints(policies: Policies, table: Table) -> None:
    """Add the unique keys, the indexes and the checks of an entity to its table."""
    mapping = policies.mapping
    for key in mapping.unique_keys():
        columns = _columns(policies, table, key.names)
        if key.condition:
            condition = key_condition(key, lambda path: table.c[policies.layout.by_path[path].name])
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
    for name, condition in mapping.checks.items():
        table.append_constraint(
            CheckConstraint(literal_column(condition), name=conv(fitted(f"ck_{table.name}_{name}")))
        )


def key_condition(key: UniqueKey, column: Callable[[str], Column[Any]]) -> ColumnElement[bool]:
    """Return the rows that a unique key holds for, with its constants written out.

    Args:
        key: the key, with a condition.
        column: returns the column of a field.
    """
    return and_(*(_equals(column(path), value) for path, value in key.condition.items()))


def foreign_key(policies: Policies, column: LayoutColumn) -> list[ForeignKey]:
    """Return the reference of a field; none when it has none."""
    reference = policies.mapping.reference(column.dotted)
    if reference is None:
        return []
    action = None if reference.on_delete == "no action" else reference.on_delete.upper()
    return [ForeignKey(reference.target, ondelete=action)]


def server_default(policies: Policies, column: LayoutColumn, kind: TypeEngine[Any]) -> Any:
    """Return the value that the database stores where a statement leaves a column out; None for no value."""
    value = policies.mapping.server_defaults.get(column.dotted)
    if value is None:
        return None
    if isinstance(value, bool):  # which the databases write differently
        return true() if value else false()
    return literal(column.check(value, column.dotted), kind)


def _columns(policies: Policies, table: Table, paths: tuple[str, ...]) -> list[Column[Any]]:
    return [table.c[policies.layout.by_path[path].name] for path in paths]


def _index_name(policies: Policies, table: Table, key: UniqueKey) -> conv:
    words = ["uq", table.name, *(column.name for column in _columns(policies, table, key.names))]
    if set(key.condition) != {policies.mapping.soft_delete}:
        words += [_OTHERS.sub("_", f"{path}_{value}") for path, value in key.condition.items()]
    return conv(fitted("_".join(words)))


def _equals(column: Column[Any], value: Any) -> ColumnElement[bool]:
    if value is None:
        return column.is_(None)
    if isinstance(value, bool):
        return column.is_(true() if value else false())
    return column == literal(value, column.type)


def _add_index(policies: Policies, table: Table, group: tuple[str, ...]) -> None:
    """Add an index of fields; `-` stands before those that descend."""
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
