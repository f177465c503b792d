"""Renames of tables and columns: likely renames need an answer, and confirmed renames keep rows and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Connection, ForeignKeyConstraint, Index, MetaData, PrimaryKeyConstraint, Table

from .._errors import MigrationError
from .._sql.constraints import Descending
from .._sql.names import fitted
from ._portable_types import storage
from ._rename_operations import Step, constraint_names

_WHERE: Final = "the tables of the entities"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The decisions of a developer about missing tables and columns.

    Args:
        renames: new names, by former `table` or `table.column`.
        drops: each `table` or `table.column` to drop, regardless of similar new names.
    """

    renames: Mapping[str, str] = field(default_factory=dict[str, str])
    drops: frozenset[str] = frozenset()


def rename_steps(
    connection: Connection, metadata: MetaData, owned: Callable[[str], bool], answers: Answers
) -> list[Step]:
    """Return the confirmed renames, with renames of the keys named after tables and columns.

    Args:
        connection: the database.
        metadata: the tables.
        owned: whether an undeclared stored table belongs to the project; other tables are ignored.
        answers: the decisions.

    Raises:
        MigrationError: a likely rename has no answer, or an answer fits nothing.
    """
    found = _Renaming(connection, metadata)
    found.apply(answers.renames)
    found.refuse_unanswered(owned, answers.drops)
    return [*found.steps, *found.key_steps()]


class _Renaming:
    """Stored tables and columns by new name, step by step.

    Args:
        connection: the database.
        metadata: the tables.
    """

    def __init__(self, connection: Connection, metadata: MetaData) -> None:
        self._connection, self._inspector = connection, sa.inspect(connection)
        self._schema = metadata.schema
        self._wanted = {table.name: table for table in metadata.tables.values()}
        names = self._inspector.get_table_names(schema=self._schema)
        self._stored = {name: self._stored_columns(name) for name in names}
        self._tables: dict[str, str] = {}  # former names of renamed tables
        self._columns: dict[str, dict[str, str]] = {}  # former names of columns, by the new name of the table
        self.steps: list[Step] = []

    def apply(self, renames: Mapping[str, str]) -> None:
        """Record renames, tables first, each as soon as the new name is free."""
        waiting = dict(renames)
        for rename in (self._rename_table, self._rename_column):
            while any(rename(before, waiting) for before in list(waiting)):
                pass
        for before, after in waiting.items():
            raise MigrationError(
                f"{before} cannot be renamed to {after}: {self._obstacle(before, after)}",
                f"--rename {before}={after}",
                "name what the database has as table or table.column, and what the entities have in its place",
            )

    def refuse_unanswered(self, owned: Callable[[str], bool], drops: Iterable[str]) -> None:
        """Raise an error if a removed name resembles a new name."""
        gone = {name for name in self._stored if name not in self._wanted}
        lost = {f"{table}.{column}" for table in self._shared() for column in self._missing(table)}
        for name in sorted(set(drops) - gone - lost):
            raise MigrationError(
                f"{name} is not dropped: the database lacks it, or the entities have it",
                f"--drop {name}",
                "name a table or table.column that the entities no longer have",
            )
        likely = list(self._likely(sorted(name for name in gone - set(drops) if owned(name)), set(drops)))
        if likely:
            renames = " ".join(f"--rename {before}={after}" for before, after in likely)
            dropped = " ".join(f"--drop {before}" for before in dict.fromkeys(before for before, _ in likely))
            raise MigrationError(
                f"likely renames: {', '.join(f'{before} to {after}' for before, after in likely)}",
                _WHERE,
                f"answer for each: {renames}; or, to drop one and add the other: {dropped}",
            )

    def key_steps(self) -> Iterator[Step]:
        """Yield the renames of constraints and indexes named after a renamed table or column."""
        for name in dict.fromkeys([*self._tables, *self._columns]):
            table, former = self._wanted[name], self._tables.get(name, name)
            stored = self._stored_names(former)
            for kind, items in (("constraints", table.constraints), ("indexes", table.indexes)):
                names = dict(self._key_names(table, former, items))
                kept = _in_order({before: after for before, after in names.items() if before in stored[kind]})
                if kept:
                    yield Step(kind=kind, table=name, schema=self._schema, names=kept)

    def _rename_table(self, before: str, waiting: dict[str, str]) -> bool:
        after = waiting[before]
        if before not in self._stored or before in self._tables:
            return False
        if after not in self._wanted or after in self._stored:
            return False
        self._stored[after] = self._stored.pop(before)
        self._tables[after] = before
        self.steps.append(Step(kind="table", table=before, schema=self._schema, names={before: after}))
        del waiting[before]
        return True

    def _rename_column(self, place: str, waiting: dict[str, str]) -> bool:
        found = self._column(place)
        after = waiting[place]
        if found is None:
            return False
        table, before = found
        columns, wanted = self._stored[table], _names(self._wanted[table])
        if after not in wanted or after in columns:
            return False
        columns[after] = columns.pop(before)
        self._columns.setdefault(table, {})[after] = before
        self.steps.append(Step(kind="column", table=table, schema=self._schema, names={before: after}))
        del waiting[place]
        return True

    def _column(self, place: str) -> tuple[str, str] | None:
        """Return the table, by new name, and the column of a place."""
        for table in self._shared():
            for name in {table, self._tables.get(table, table)}:
                column = place.removeprefix(f"{name}.")
                if column in self._stored[table].keys() - self._columns.get(table, {}).keys():
                    return table, column
        return None

    def _obstacle(self, before: str, after: str) -> str:
        found = self._column(before)
        if before not in self._stored and found is None:
            return f"the database has no {before}"
        wanted = self._wanted if found is None else _names(self._wanted[found[0]])
        if after not in wanted:
            return f"the entities have no {after}"
        return f"the database has {after} already"

    def _likely(self, gone: list[str], drops: set[str]) -> Iterator[tuple[str, str]]:
        fresh = sorted(name for name in self._wanted if name not in self._stored)
        for before in gone:
            for after in fresh:
                if self._resemble(before, after):
                    yield before, after
                    yield from self._likely_columns(before, after, drops)
        for table in self._shared():
            yield from self._likely_columns(table, table, drops)

    def _likely_columns(self, table: str, after: str, drops: set[str]) -> Iterator[tuple[str, str]]:
        wanted = self._wanted_columns(after)
        columns = self._stored[table]
        for column in sorted(columns.keys() - wanted.keys()):
            if f"{table}.{column}" not in drops:
                for name in sorted(wanted.keys() - columns.keys()):
                    if columns[column] == wanted[name]:
                        yield f"{table}.{column}", name

    def _resemble(self, before: str, after: str) -> bool:
        """Return whether at least half of the columns of two tables are equal in name and type."""
        stored, wanted = self._stored[before], self._wanted_columns(after)
        equal = len(stored.items() & wanted.items())
        return 2 * equal >= max(len(stored), len(wanted))

    def _shared(self) -> list[str]:
        return sorted(name for name in self._stored if name in self._wanted)

    def _missing(self, table: str) -> list[str]:
        return sorted(self._stored[table].keys() - _names(self._wanted[table]))

    def _wanted_columns(self, table: str) -> dict[str, str]:
        return {column.name: storage(column.type, self._connection.dialect)[0] for column in self._wanted[table].c}

    def _stored_columns(self, table: str) -> dict[str, str]:
        columns = self._inspector.get_columns(table, schema=self._schema)
        return {str(column["name"]): storage(column["type"], self._connection.dialect)[0] for column in columns}

    def _stored_names(self, table: str) -> dict[str, set[str]]:
        constraints = constraint_names(self._connection, table, self._schema)
        if self._connection.dialect.name == "sqlite":  # SQLite does not report every name of a primary key
            constraints.add(fitted(f"pk_{table}"))
        indexes = {str(index["name"]) for index in self._inspector.get_indexes(table, schema=self._schema)}
        return {"constraints": constraints, "indexes": indexes}

    def _key_names(self, table: Table, former: str, items: Iterable[Any]) -> Iterator[tuple[str, str]]:
        """Yield the former and the new names of keys named after the table and columns."""
        columns = self._columns.get(table.name, {})
        for item in items:
            after = str(item.name)
            if isinstance(item, CheckConstraint):
                before = after.replace(f"ck_{table.name}_", f"ck_{former}_", 1)
            else:
                prefix = after.partition("_")[0]
                words = _words(item)
                if after != fitted("_".join([prefix, table.name, *map("".join, words)])):
                    continue
                old = [columns.get(column, column) + suffix for column, suffix in words]
                before = fitted("_".join([prefix, former, *old]))
            if before != after:
                yield before, after


def _words(key: Any) -> list[tuple[str, str]]:
    """Return the columns in the name of a key or an index, each with the following part of the name."""
    if isinstance(key, PrimaryKeyConstraint):
        return []
    if isinstance(key, ForeignKeyConstraint):
        return [(element.parent.name, "") for element in key.elements]
    parts = key.expressions if isinstance(key, Index) else key.columns
    return [
        (part.element.name, "_desc") if isinstance(part, Descending) else (getattr(part, "name", ""), "")
        for part in parts
    ]


def _in_order(names: Mapping[str, str]) -> dict[str, str]:
    """Return renames in an order in which each new name is free; unchanged for a cycle."""
    ordered: dict[str, str] = {}
    waiting = dict(names)
    while waiting:
        before = next((name for name, after in waiting.items() if after not in waiting), next(iter(waiting)))
        ordered[before] = waiting.pop(before)
    return ordered


def _names(table: Table) -> set[str]:
    return {column.name for column in table.c}
