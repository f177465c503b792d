"""Rows of the collections of entities: loaded and written with one statement for each level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, delete, insert, select

from .._connection.session import Session
from .._mapping.columns import check
from .._mapping.entity_layout import Child, members_of
from .._sql.tables import ChildTable, EntityTable

_MOST_OWNERS: Final = 10_000
_OWNERS: Final = "owners"
Groups = Mapping[tuple[Any, ...], list[Any]]


class ChildLoader:
    """A loader of the members of a collection, for many owners at once, nested collections first.

    Args:
        table: the table of the collection.
    """

    def __init__(self, table: ChildTable) -> None:
        self._collection = table.child.collection
        self._build = table.child.layout.build
        self._key_width = 1 + len(table.positions)
        self._children = tuple(ChildLoader(child) for child in table.children)
        owners: BindParameter[Any] = bindparam(_OWNERS, expanding=True)
        self._select = (
            select(table.owner, *table.positions, *table.columns)
            .where(table.owner.in_(owners))
            .order_by(table.owner, *table.positions)
        )

    async def load(self, session: Session, identities: Sequence[Any]) -> Groups:
        """Return the members of owners by identifier, grouped by the owner's key."""
        nested = [await child.load(session, identities) for child in self._children]
        width = self._key_width
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for part in _chunks(identities, _MOST_OWNERS):
            for row in (await session.execute(self._select, {_OWNERS: part})).all():
                key = tuple(row[:width])
                inner = [child.collect(members, key) for child, members in zip(self._children, nested, strict=True)]
                groups.setdefault(key[:-1], []).append(self._build(row[width:], inner))
        return groups

    def collect(self, groups: Groups, owner: tuple[Any, ...]) -> Any:
        """Return the collection of an owner."""
        return self._collection(groups.get(owner, []))


async def replace_children(session: Session, tables: EntityTable, entities: Sequence[tuple[Any, object]]) -> None:
    """Replace the stored collections of entities.

    Args:
        session: sends the statements.
        tables: the tables of the entity.
        entities: identifiers and entities.
    """
    for collection in tables.children:
        for part in _chunks([identity for identity, _ in entities], _MOST_OWNERS):
            await session.execute(delete(collection.table).where(collection.owner.in_(part)), tables=tables)
    await insert_children(session, tables, entities)


async def insert_children(session: Session, tables: EntityTable, entities: Sequence[tuple[Any, object]]) -> None:
    """Store the collections of new entities: a statement for each level."""
    for collection in tables.children:
        await _insert_level(session, tables, collection, [((identity,), entity) for identity, entity in entities])


async def _insert_level(
    session: Session, tables: EntityTable, collection: ChildTable, owners: Sequence[tuple[tuple[Any, ...], object]]
) -> None:
    members = [
        ((*key, position), member)
        for key, owner in owners
        for position, member in enumerate(members_of(owner, collection.child))
    ]
    if not members:
        return
    names = [collection.owner.name, *(position.name for position in collection.positions)]
    rows = [dict(zip(names, key, strict=True)) | dict(_values(collection.child, member)) for key, member in members]
    await session.execute(insert(collection.table), rows, tables=tables)
    for inner in collection.children:
        await _insert_level(session, tables, inner, members)


def _values(collection: Child, member: object) -> Iterator[tuple[str, Any]]:
    layout = collection.layout
    for column, value in zip(layout.columns, layout.values(member), strict=True):
        yield column.name, check(column, value, layout.entity)


def _chunks(values: Sequence[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(values)
    while part := list(islice(remaining, size)):
        yield part
