"""Tables written by hand or mapped by SQLAlchemy, with checks that the columns hold the entity unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from sqlalchemy import Column, Index, Table, UniqueConstraint

from .._errors import MappingError
from .._mapping.columns import Column as LayoutColumn
from .._mapping.policies import Policies
from .column_types import column_limit, misfit
from .names import place

_OWN_ONLY: Final = ("table", "indexes", "references", "server_defaults", "checks")


def given_columns(policies: Policies, given: object) -> tuple[Table, tuple[Column[Any], ...]]:
    """Return a given table and the columns of an entity, in the order of the layout.

    Raises:
        MappingError: the value is not a table, a column is missing, or the table lacks a declared part of the mapping:
            a constraint of the identity or of a unique key, or a part that only tables made by Vega have.
    """
    if not isinstance(given, Table):
        raise _refused(policies, f"{type(given).__name__} is given as a table", "give a sqlalchemy.Table")
    table = cast("Table", given)  # the columns are untyped
    columns = _columns(policies, table)
    _refuse_ignored(policies, table)
    _require_identity(policies, table, columns)
    _require_unique_keys(policies, table, columns)
    return table, columns


def as_written(policies: Policies, columns: Sequence[Column[Any]]) -> Policies:
    """Return policies with the generated columns of the table."""
    pairs = zip(policies.layout.columns, columns, strict=True)
    return policies.with_columns(tuple(replace(one, generated=_is_generated(column)) for one, column in pairs))


def within_limits(policies: Policies, table: Table, columns: Sequence[Column[Any]], dialect: str) -> Policies:
    """Return policies that refuse values that a column would change.

    Args:
        policies: the policies of the entity.
        table: the given table.
        columns: the columns, in the order of the layout.
        dialect: `sqlite` or `postgresql`.

    Raises:
        MappingError: the type of a column does not match the field.
    """
    fitting: list[LayoutColumn] = []
    for one, column in zip(policies.layout.columns, columns, strict=True):
        wrong = misfit(one, column.type, dialect)
        if wrong is not None:
            held, fix = wrong
            raise _refused(
                policies,
                f"{policies.name}.{one.dotted} is a {one.info.kind}, but the column {table.name}.{column.name} "
                f"({column.type!r}) holds {held}",
                fix,
            )
        fitting.append(replace(one, limit=column_limit(one, column.type, dialect)))
    return policies.with_columns(tuple(fitting))


def _columns(policies: Policies, table: Table) -> tuple[Column[Any], ...]:
    by_attribute: dict[str, Any] = dict(table.c.items())
    mapper = getattr(policies.layout.entity, "__mapper__", None)
    if mapper is not None and mapper.local_table is table:
        by_attribute |= {attribute.key: attribute.columns[0] for attribute in mapper.column_attrs}
    named = policies.mapping.columns
    by_name: dict[str, Any] = {column.name: column for column in table.c}
    columns = [
        by_name.get(named[one.dotted]) if one.dotted in named else by_attribute.get(one.name)
        for one in policies.layout.columns
    ]
    missing = [one.dotted for one, column in zip(policies.layout.columns, columns, strict=True) if column is None]
    missing += [child.dotted for child in policies.layout.children]
    if missing:
        raise _refused(
            policies,
            f"the table {table.name} has no place for {', '.join(missing)}",
            "name the columns: EntityMapping(columns={...}), or let the table be made from the entity",
        )
    return tuple(column for column in columns if column is not None)


def _refuse_ignored(policies: Policies, table: Table) -> None:
    declared = {name: getattr(policies.mapping, name) for name in _OWN_ONLY}
    ignored = [name for name, value in declared.items() if value and value != table.name]
    if ignored:
        raise _refused(
            policies,
            f"the mapping declares {', '.join(ignored)}, which only a table made by Vega gets",
            f"declare it in the table {table.name}",
        )


def _require_identity(policies: Policies, table: Table, columns: Sequence[Column[Any]]) -> None:
    name = policies.mapping.identity
    column = columns[policies.layout.columns.index(policies.identity)]
    primary = [column.name for column in table.primary_key.columns]
    if primary == [column.name]:
        return
    where = f"{table.name}.{column.name}"
    if len(primary) > 1 and column.name in primary:
        raise _refused(
            policies,
            f"the identity {name} is one column, {where}, of a composite primary key ({', '.join(primary)})",
            "identifiers of several columns are not supported: name a single unique column as the identity",
        )
    if (column.name,) not in set(_unique_groups(table)):
        raise _refused(
            policies,
            f"the identity {name} is the column {where}, which is neither the primary key "
            f"({', '.join(primary) or 'there is none'}) nor unique",
            "name the field of the primary key: EntityMapping(identity=...), or declare the column as unique",
        )
    if column.nullable:
        raise _refused(
            policies,
            f"the identity {name} is the column {where}, which may be NULL in many rows",
            "declare the column with nullable=False, or name the field of the primary key",
        )


def _require_unique_keys(policies: Policies, table: Table, columns: Sequence[Column[Any]]) -> None:
    names: Mapping[str, str] = {
        one.dotted: column.name for one, column in zip(policies.layout.columns, columns, strict=True)
    }
    whole = {frozenset(group) for group in _unique_groups(table)}
    whole.add(frozenset(column.name for column in table.primary_key.columns))
    partial = {frozenset(group) for group in _unique_groups(table, partial=True)}
    for key in policies.mapping.unique_keys():
        wanted = frozenset(names[path] for path in key.names)
        if wanted not in whole and not (key.condition and wanted in partial):
            raise _refused(
                policies,
                f"the mapping declares {', '.join(key.names)} as unique, which the table {table.name} does not hold to",
                "declare a UniqueConstraint or a unique Index over these columns",
            )


def _unique_groups(table: Table, *, partial: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield the columns that are unique together; with `partial` also the columns of partial indexes."""
    if not partial:
        yield from ((column.name,) for column in table.c if column.unique)
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint):
                yield tuple(column.name for column in constraint.columns)
    for index in table.indexes:
        if (
            index.unique
            and _is_partial(index) is partial
            and all(isinstance(expression, Column) for expression in index.expressions)
        ):
            yield tuple(column.name for column in index.columns)


def _is_partial(index: Index) -> bool:
    return any(options.get("where") is not None for options in index.dialect_options.values())


def _is_generated(column: Column[Any]) -> bool:
    return column.computed is not None or (column.identity is not None and bool(column.identity.always))


def _refused(policies: Policies, what: str, fix: str) -> MappingError:
    return MappingError(what, place(policies.layout.entity), fix)
