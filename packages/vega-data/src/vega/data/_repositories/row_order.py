"""Rows with references to rows of the same table: parents first, so that each part of a long insert is valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._sql.tables import EntityTable


def self_references(tables: EntityTable) -> list[tuple[str, str]]:
    """Return the self-referencing columns, each with the referenced column, by key."""
    keys = {name: column.key for column in tables.columns for name in (column.name, column.key)}
    found: list[tuple[str, str]] = []
    for column in tables.columns:
        for reference in column.foreign_keys:
            table, _, target = reference.target_fullname.rpartition(".")
            if table == tables.table.fullname and target in keys:
                found.append((column.key, keys[target]))
    return found


def parents_first(columns: Mapping[str, Sequence[Any]], references: Sequence[tuple[str, str]]) -> list[int]:
    """Return the places of rows, parents before children, otherwise in the given order.

    Args:
        columns: the values of each column, one for each row.
        references: pairs of a referencing and a referenced column.

    >>> parents_first({"id": [2, 3, 1, 4], "parent": [1, 2, None, 9]}, [("parent", "id")])
    [2, 0, 1, 3]
    """
    parents: list[list[int]] = [[] for _ in columns[references[0][0]]]
    for column, target in references:
        place_of = {value: place for place, value in enumerate(columns[target]) if value is not None}
        for place, value in enumerate(columns[column]):
            if value in place_of:
                parents[place].append(place_of[value])
    order: list[int] = []
    seen: set[int] = set()
    for start in range(len(parents)):
        _visit(start, parents, seen, order)
    return order


def _visit(start: int, parents: Sequence[list[int]], seen: set[int], order: list[int]) -> None:
    """Append a row after its parents, without recursion: a chain may be as long as the input."""
    path = [start] if start not in seen else []
    seen.add(start)
    while path:
        waiting = parents[path[-1]]
        if waiting:
            parent = waiting.pop()
            if parent not in seen:
                seen.add(parent)
                path.append(parent)
        else:
            order.append(path.pop())
