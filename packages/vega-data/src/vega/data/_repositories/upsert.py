"""Rows that are inserted or updated: a single statement for many rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from .._connection.session import Session
from .._mapping.entity_mapping import UniqueKey
from .._sql.column_types import DIALECTS
from .._sql.compiler import Compiler
from .._sql.constraints import key_condition
from .._sql.tables import EntityTable


class Upsert:
    """An upsert of rows into the table of an entity.

    Args:
        tables: the tables of the entity.
        compiler: turns the tenant's policy into SQL.
        names: the columns by the dotted paths of the fields.
        moved: expressions that advance the sequence of the identifier, evaluated for each row.
        generated: the fields that the database generates, besides the identity.
    """

    def __init__(
        self,
        tables: EntityTable,
        compiler: Compiler,
        names: Mapping[str, str],
        moved: Sequence[ColumnElement[Any]],
        generated: tuple[str, ...] = (),
    ) -> None:
        self._generated, self._numbers_all = generated, tables.policies.identity.generated
        self._tables, self._compiler, self._names, self._moved = tables, compiler, names, moved
        mapping = tables.policies.mapping
        self._created = tuple(name for name in (mapping.created_at, mapping.created_by) if name)
        self._own = tuple(name for name in (mapping.identity, mapping.version, *self._created) if name)
        self._mark = (mapping.soft_delete,) if mapping.soft_delete else ()

    def absent(self, *, is_numbered: bool) -> Any:
        """Return the statement that inserts a row unless the identifier or a unique value is taken.

        The statement returns the identifier and the generated columns of an inserted row.

        Args:
            is_numbered: whether the database generates the identifier, which needs no advance of the sequence.
        """
        tables = self._tables
        statement = (sqlite if self._compiler.is_sqlite else postgresql).insert(tables.table)
        generated = map(tables.column, self._generated)
        return statement.on_conflict_do_nothing().returning(
            tables.identity, *generated, *(() if is_numbered else self._moved)
        )

    def rounds(
        self, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], order: Iterable[int]
    ) -> Iterator[list[int]]:
        """Yield the places of rows to send together, in order: a statement may not change a row twice."""
        names = [self._names[key] for key in keys]
        waiting = list(order)
        while waiting:
            seen: set[tuple[Any, ...]] = set()
            now: list[int] = []
            later: list[int] = []
            for place in waiting:
                key = tuple([rows[place][name] for name in names])
                (later if key in seen else now).append(place)
                if None not in key or self._numbers_all:  # which is equal to nothing, and else found by its identifier
                    seen.add(key)
            yield now
            waiting = later

    async def send(
        self, session: Session, rows: Sequence[Mapping[str, Any]], keys: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Send rows with distinct keys; return the values of each row that the database replaced.

        Raises:
            TenantError: a row with these keys belongs to another tenant.
        """
        kept = (*self._own, *self._mark, *self._generated)
        wanted = list(dict.fromkeys([*kept, *keys]))
        merged = self._statement(rows[0], keys).returning(*map(self._tables.column, wanted), *self._moved)
        returned = (await session.execute(merged, rows, tables=self._tables)).all()
        stored = [dict(zip(wanted, row, strict=False)) for row in returned]
        by_keys = {tuple([row[key] for key in keys]): row for row in stored}
        identity = self._tables.policies.mapping.identity
        by_identity = {row[identity]: row for row in stored}
        found: list[dict[str, Any]] = []
        for row in rows:
            key = tuple([row[self._names[path]] for path in keys])
            by_number = None in key and not self._numbers_all
            one = by_identity.get(row[self._names[identity]]) if by_number else by_keys.get(key)
            if one is None:
                raise self._tables.policies.foreign()
            found.append({path: one[path] for path in kept})
        return found

    def _statement(self, row: Mapping[str, Any], keys: Sequence[str]) -> Any:
        tables, version = self._tables, self._tables.policies.mapping.version
        dialect = sqlite if self._compiler.is_sqlite else postgresql
        statement = dialect.insert(tables.table)
        kept = {*self._own, *keys}
        written: dict[str, Any] = {
            name: statement.excluded[name] for path, name in self._names.items() if path not in kept and name in row
        }
        if version:
            written[self._names[version]] = tables.column(version) + 1
        for path in self._mark:  # deleted rows stay deleted until `restore`
            name = self._names[path]
            written[name] = func.coalesce(tables.table.c[name], statement.excluded[name])
        if not written:  # no column besides the keys: assign a key to the same key, so that RETURNING has the row
            written = {self._names[keys[0]]: statement.excluded[self._names[keys[0]]]}
        key = tables.policies.key_of(keys)
        tenancy = tables.policies.visible(frozenset({"soft_delete"}))
        return statement.on_conflict_do_update(
            index_elements=[tables.column(path) for path in keys],
            index_where=self._condition(key) if key.condition else None,
            set_=written,
            where=self._compiler.clause(tenancy[0]) if tenancy else None,
        )

    def _condition(self, key: UniqueKey) -> Any:
        """Return the condition of a partial index, written out: a database finds the index by nothing else."""
        dialect = DIALECTS["sqlite" if self._compiler.is_sqlite else "postgresql"]
        condition = key_condition(self._tables.policies, key, self._tables.column)
        written_out = {"literal_binds": True, "include_table": False}
        written: ColumnElement[Any] = literal_column(
            str(condition.compile(dialect=dialect, compile_kwargs=written_out))
        )
        return written
