"""Tables made from the layout of an entity, without an engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
)

from vega.patterns.query import Kind

from .._errors import MappingError
from .._mapping.columns import Column as LayoutColumn
from .._mapping.entity_layout import Child, EntityLayout
from .._mapping.policies import Policies
from .column_types import column_type
from .constraints import add_constraints, field_default, foreign_key, mark_cycles, referred_table, server_default
from .given_tables import as_written, given_columns, within_limits
from .names import NAMING, fitted, owner_name, place, table_name

POSITION: Final = "position"


@dataclass(frozen=True, slots=True)
class ChildTable:
    """The table of a child collection.

    Args:
        child: the collection.
        table: the owner's identifier, a position for each level, and the columns of a member.
        owner: the column of the owner's identifier.
        positions: the positions, the outermost first.
        columns: the columns of a member, in the order of the layout.
        children: the tables of the member's own collections.
    """

    child: Child
    table: Table
    owner: Column[Any]
    positions: tuple[Column[Any], ...]
    columns: tuple[Column[Any], ...]
    children: tuple[ChildTable, ...]


@dataclass(frozen=True, slots=True)
class EntityTable:
    """The tables of an entity.

    Args:
        policies: the policies of the entity.
        table: the entity's own table.
        columns: the columns, in the order of the layout.
        children: the tables of the collections.
        metadata: contains all tables.
        is_given: whether the table was written by hand, or mapped by SQLAlchemy, and not made here.
    """

    policies: Policies
    table: Table
    columns: tuple[Column[Any], ...]
    children: tuple[ChildTable, ...]
    metadata: MetaData
    is_given: bool = False

    @property
    def identity(self) -> Column[Any]:
        """The column of the identifier."""
        return self.column(self.policies.mapping.identity)

    def column(self, path: str) -> Column[Any]:
        """Return the column of a field, by dotted path."""
        return self.columns[self.policies.layout.columns.index(self.policies.layout.by_path[path])]

    def on(self, dialect: str) -> EntityTable:
        """Return the tables as stored by a database: columns of a given table are checked against the fields.

        Args:
            dialect: `sqlite` or `postgresql`.

        Raises:
            MappingError: the type of a column does not match the field.
        """
        if not self.is_given:
            return self
        return replace(self, policies=within_limits(self.policies, self.table, self.columns, dialect))


def entity_table(policies: Policies, given: Table | None = None) -> EntityTable:
    """Return the tables of an entity: derived from the layout, or the given table.

    Raises:
        MappingError: the given table does not hold the entity, or a field cannot be stored.
    """
    if given is None:
        given = getattr(policies.layout.entity, "__table__", None)
    if given is not None:
        return _given_table(policies, given)
    data = MetaData(naming_convention=NAMING)
    layout, mapping = policies.layout, policies.mapping
    columns = tuple(_column(policies, column) for column in layout.columns)
    # AUTOINCREMENT: without the keyword SQLite reuses the identifier of a deleted last row.
    table = Table(mapping.table or table_name(layout.entity), data, *columns, sqlite_autoincrement=True)
    add_constraints(policies, table)
    collections = _Collections(policies, data)
    owner = table.c[policies.identity.name]
    key = owner_name(layout.entity, mapping.table, owner.name)
    children = tuple(collections.table_of(child, table, owner, key, ()) for child in layout.children)
    return EntityTable(policies, table, columns, children, data)


def joined(tables: Iterable[EntityTable]) -> MetaData:
    """Return the tables of several entities together.

    Raises:
        MappingError: two entities share a table.
    """
    data = MetaData(naming_convention=NAMING)
    owners: dict[str, EntityTable] = {}
    for one in tables:
        owner = owners.setdefault(one.table.key, one)
        first, entity = owner.policies.layout.entity, one.policies.layout.entity
        if first is not entity and owner.table is not one.table:
            raise MappingError(
                f"{place(first)} and {place(entity)} are both mapped to the table {one.table.key}",
                "the declared repositories",
                'name another table: mapping = EntityMapping(table="..."), or give Database(url, package="...")',
            )
        for table in _owned(one):
            if table.key not in data.tables:
                table.to_metadata(data)
    mark_cycles(data)
    return data


def _given_table(policies: Policies, given: object) -> EntityTable:
    table, columns = given_columns(policies, given)
    return EntityTable(as_written(policies, columns), table, columns, (), table.metadata, is_given=True)


def _owned(tables: EntityTable) -> Iterable[Table]:
    """Return the tables of an entity; of a given table, the table and referenced tables, not the whole metadata."""
    if not tables.is_given:
        return tables.metadata.tables.values()
    owned = [tables.table]
    for table in owned:
        referred = map(referred_table, table.foreign_key_constraints)
        others = map(table.metadata.tables.get, referred)
        owned += [other for other in others if other is not None and other not in owned]
    return owned


def _column(policies: Policies, one: LayoutColumn) -> Column[Any]:
    is_identity = one is policies.identity
    kind = column_type(one)
    return Column(
        fitted(policies.mapping.columns.get(one.dotted, one.name)),
        kind,
        *foreign_key(policies, one),
        key=one.name,  # used by statements, independent of the name in the database
        primary_key=is_identity,
        nullable=one.nullable and not is_identity,
        autoincrement=one.info.kind is Kind.INT if is_identity else "auto",
        server_default=server_default(policies, one, kind),
        info=field_default(policies.layout.entity, one, kind),
    )


@dataclass(frozen=True, slots=True)
class _Collections:
    """A builder of the tables of collections, and of collections in members."""

    policies: Policies
    metadata: MetaData

    def table_of(
        self,
        child: Child,
        parent: Table,
        owner: Column[Any],
        key: str,
        outer: tuple[Column[Any], ...],
        before: str = "",
    ) -> ChildTable:
        own: Column[Any] = Column(key, owner.type, nullable=False, autoincrement=False)
        positions = tuple(
            Column(f"{POSITION}_{depth}" if depth else POSITION, Integer, nullable=False, autoincrement=False)
            for depth in range(len(outer) + 1)
        )
        path = f"{before}{child.dotted}."
        columns = tuple(self._member(path, child.layout.entity, column) for column in child.layout.columns)
        name = fitted(f"{parent.name}_{child.name}")
        _refuse_taken(name, child.layout, columns, [own.name, *(position.name for position in positions)])
        referred = [owner, *outer]
        table = Table(
            name,
            self.metadata,
            own,
            *positions,
            *columns,
            PrimaryKeyConstraint(own.name, *(position.name for position in positions)),
            ForeignKeyConstraint(
                [own.name, *(position.name for position in positions[:-1])], referred, ondelete="CASCADE"
            ),
        )
        inner = child.layout.children
        children = tuple(self.table_of(child, table, own, key, positions, path) for child in inner)
        return ChildTable(child, table, own, positions, columns, children)

    def _member(self, path: str, entity: type, one: LayoutColumn) -> Column[Any]:
        name = fitted(self.policies.mapping.columns.get(path + one.dotted, one.name))
        kind = column_type(one)
        return Column(name, kind, key=one.name, nullable=one.nullable, info=field_default(entity, one, kind))


def _refuse_taken(table: str, layout: EntityLayout, columns: tuple[Column[Any], ...], keys: list[str]) -> None:
    taken = list(keys)
    for one, column in zip(layout.columns, columns, strict=True):
        if column.key in keys or column.name in taken:
            raise MappingError(
                f"{layout.entity.__name__}.{one.dotted} would hide the column {column.name} of {table}",
                place(layout.entity),
                "rename the field",
            )
        taken.append(column.name)
