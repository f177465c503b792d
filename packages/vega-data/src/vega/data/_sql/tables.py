"""Tables made from the layout of an entity, without an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from vega.core.extend import Name
from vega.core.introspection import snake_case
from vega.patterns.query import Kind

from .._errors import MappingError
from .._mapping.columns import Column as LayoutColumn
from .._mapping.entity_layout import Child, EntityLayout
from .._mapping.policies import Policies
from .column_types import column_type

NAMING: Final = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
}
POSITION: Final = "position"


@dataclass(frozen=True, slots=True)
class ChildTable:
    """The table of a child collection.

    Args:
        child: the collection.
        table: owner's identifier, a position for each level, then the columns of a member.
        owner: the column of the owner's identifier.
        positions: the positions, the outermost first.
        columns: the columns of a member, in the order of its layout.
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
    """The tables of one entity.

    Args:
        policies: the policies of the entity.
        table: the entity's own table.
        columns: its columns, in the order of the layout.
        children: the tables of its collections.
        metadata: holds them all, when they were made here.
    """

    policies: Policies
    table: Table
    columns: tuple[Column[Any], ...]
    children: tuple[ChildTable, ...]
    metadata: MetaData

    @property
    def identity(self) -> Column[Any]:
        """The column of the identifier."""
        return self.column(self.policies.mapping.identity)

    def column(self, path: str) -> Column[Any]:
        """Return the column of a field, by its dotted path."""
        return self.columns[self.policies.layout.columns.index(self.policies.layout.by_path[path])]


def entity_table(policies: Policies, given: Table | None = None) -> EntityTable:
    """Return the tables of an entity: made from its layout, or the one given.

    Raises:
        MappingError: the given table lacks a column, or a field cannot be stored.
    """
    if given is None:
        given = getattr(policies.layout.entity, "__table__", None)
    if given is not None:
        return _given_table(policies, given)
    data = MetaData(naming_convention=NAMING)
    layout, mapping = policies.layout, policies.mapping
    name = mapping.table or table_name(layout.entity)
    columns = tuple(_column(policies, one) for one in layout.columns)
    # AUTOINCREMENT: SQLite would else give the identifier of a row that was deleted to the next one.
    table = Table(name, data, *columns, *_constraints(policies), sqlite_autoincrement=True)
    for group in mapping.index_keys():
        Index(None, *(table.c[layout.by_path[path].name] for path in group))
    owner = table.c[policies.identity.name]
    owner_name = f"{_singular(name) if mapping.table else _name_of(layout.entity).snake}_{owner.name}"
    children = tuple(_child_table(child, table, owner, owner_name, (), data) for child in layout.children)
    return EntityTable(policies, table, columns, children, data)


def table_name(entity: type) -> str:
    """Return the default name of an entity's table: the plural that the generators write.

    >>> [table_name(type(name, (), {})) for name in ("OrderItem", "HTTPServer", "_Order", "Order_")]
    ['order_items', 'http_servers', 'orders', 'orders']
    >>> [table_name(type(name, (), {})) for name in ("Person", "Child", "Category")]
    ['people', 'children', 'categories']
    """
    return _name_of(entity).plural.snake


def joined(tables: Iterable[EntityTable]) -> MetaData:
    """Return the tables of several entities together.

    Raises:
        MappingError: two entities are mapped to one table.
    """
    data = MetaData(naming_convention=NAMING)
    owners: dict[str, type] = {}
    for one in tables:
        entity = one.policies.layout.entity
        if owners.setdefault(one.table.key, entity) is not entity:
            raise MappingError(
                f"{place(owners[one.table.key])} and {place(entity)} are both mapped to the table {one.table.key}",
                "the declared repositories",
                'name another table: mapping = EntityMapping(table="..."), or give Database(url, package="...")',
            )
        for table in one.metadata.tables.values():
            if table.key not in data.tables:
                table.to_metadata(data)
    return data


def place(entity: type) -> str:
    """Return where a class is, for errors."""
    return f"{entity.__module__}.{entity.__qualname__}"


def _given_table(policies: Policies, table: Table) -> EntityTable:
    by_attribute: dict[str, Any] = dict(table.c.items())
    mapper = getattr(policies.layout.entity, "__mapper__", None)
    if mapper is not None:
        by_attribute |= {attribute.key: attribute.columns[0] for attribute in mapper.column_attrs}
    missing = [one.dotted for one in policies.layout.columns if by_attribute.get(one.name) is None]
    if missing or policies.layout.children:
        missing += [child.dotted for child in policies.layout.children]
        raise MappingError(
            f"the table {table.name} has no place for {', '.join(missing)}",
            place(policies.layout.entity),
            "name the columns like the fields, or let the table be made from the entity",
        )
    columns = tuple(by_attribute[one.name] for one in policies.layout.columns)
    return EntityTable(policies, table, columns, (), table.metadata)


def _column(policies: Policies, one: LayoutColumn) -> Column[Any]:
    is_identity = one is policies.identity
    target = policies.mapping.references.get(one.dotted)
    return Column(
        one.name,
        column_type(one),
        *([ForeignKey(target)] if target else []),
        primary_key=is_identity,
        nullable=one.nullable and not is_identity,
        autoincrement=is_identity and one.info.kind is Kind.INT,
    )


def _constraints(policies: Policies) -> Iterator[UniqueConstraint]:
    for group in policies.mapping.unique_keys():
        yield UniqueConstraint(*(policies.layout.by_path[path].name for path in group))


def _child_table(
    child: Child, parent: Table, owner: Column[Any], owner_name: str, outer: tuple[Column[Any], ...], data: MetaData
) -> ChildTable:
    key: Column[Any] = Column(owner_name, owner.type, nullable=False, autoincrement=False)
    positions = tuple(
        Column(f"{POSITION}_{depth}" if depth else POSITION, Integer, nullable=False, autoincrement=False)
        for depth in range(len(outer) + 1)
    )
    columns = tuple(Column(one.name, column_type(one), nullable=one.nullable) for one in child.layout.columns)
    name = f"{parent.name}_{child.name}"
    _refuse_taken(name, child.layout, {owner_name, *(position.name for position in positions)})
    referred = [owner, *outer]
    table = Table(
        name,
        data,
        key,
        *positions,
        *columns,
        PrimaryKeyConstraint(key.name, *(position.name for position in positions)),
        ForeignKeyConstraint([key.name, *(one.name for one in positions[:-1])], referred, ondelete="CASCADE"),
    )
    children = tuple(_child_table(inner, table, key, key.name, positions, data) for inner in child.layout.children)
    return ChildTable(child, table, key, positions, columns, children)


def _refuse_taken(table: str, layout: EntityLayout, taken: set[str]) -> None:
    for column in layout.columns:
        if column.name in taken:
            raise MappingError(
                f"{layout.entity.__name__}.{column.dotted} would hide the column {column.name} of {table}",
                place(layout.entity),
                "rename the field",
            )


def _name_of(entity: type) -> Name:
    words = tuple(filter(None, snake_case(entity.__name__).split("_")))
    return Name(words or (entity.__name__,))


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
