"""Entities from rows: a statement for the entities, and a statement for each level of collections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, select

from .._connection.session import Session
from .._sql.tables import EntityTable
from .children import ChildLoader

T = TypeVar("T")


class RowLoader(Generic[T]):
    """A loader that builds entities of a class from rows.

    Args:
        tables: the tables of the entity.
    """

    def __init__(self, tables: EntityTable) -> None:
        self._tables = tables
        self._build = tables.policies.layout.build
        self._identity = tables.policies.layout.columns.index(tables.policies.identity)
        self._children = tuple(ChildLoader(child) for child in tables.children)
        self.select: Select[Any] = select(*tables.columns)

    async def load(self, session: Session, rows: Sequence[Any]) -> list[T]:
        """Return the entities of rows, with collections."""
        build = self._build
        if not self._children:
            return [build(row, ()) for row in rows]
        if not rows:
            return []
        identities = [row[self._identity] for row in rows]
        held = [await child.load(session, identities) for child in self._children]
        return [
            build(
                row,
                [
                    child.collect(groups, (row[self._identity],))
                    for child, groups in zip(self._children, held, strict=True)
                ],
            )
            for row in rows
        ]
