"""Due rows of an outbox, found and claimed at a cost independent of the number of pending rows.

A row is due from `available_at` on: a claim and a failure both move the time into the future. Rows of a key are
delivered in the order of writing, so that only the first row of a key is examined: the keys of a listener are walked
in the index of pending rows, one step for each key, and a run of rows is claimed behind each due first row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, literal_column, select, union_all, update

from .._connection.database import Database
from .._connection.session import Session
from ._rows import IS_PENDING, PENDING, Claim


class DueRows:
    """The due rows of an outbox.

    Args:
        database: holds the rows.
        table: the table of the rows.
    """

    def __init__(self, database: Database, table: Table) -> None:
        self._database, self._table = database, table
        self._last_keys: dict[str, str] = {}  # where the walk over the keys of a listener goes on

    async def are_pending(self) -> bool:
        """Return whether any row waits, due or not."""
        some = select(self._table.c.id).where(IS_PENDING).limit(1)
        async with self._database.reading() as session:
            return (await session.execute(some)).first() is not None

    async def find(self, listener: str, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """Return the identifier and the key of a listener's due rows: the first rows of keys."""
        async with self._database.reading() as session:
            found = [(row.id, "") for row in (await session.execute(self.without_key(listener, now, limit))).all()]
            last = self._last_keys.pop(listener, "")
            for after in dict.fromkeys((last, "")):  # the keys behind the last key, then the keys from the beginning
                if len(found) < limit:
                    keyed = self.first_of_keys(listener, after, now, limit - len(found))
                    found += [(row.id, row.key) for row in (await session.execute(keyed)).all()]
        if found and found[-1][1]:
            self._last_keys[listener] = found[-1][1]
        return list(dict.fromkeys(found))

    async def claim(
        self, session: Session, rows: Sequence[tuple[str, str]], now: datetime, values: dict[str, Any], run: int
    ) -> list[Claim]:
        """Claim rows that are still due, and a run of following rows behind each first row of a key.

        Args:
            session: a transaction.
            rows: identifiers and keys, from `find`.
            now: the moment.
            values: the values to set, with the token.
            run: the maximum number of rows of a key to claim.
        """
        table = self._table
        free = select(table.c.id).where(
            table.c.id.in_([identifier for identifier, _ in rows]), IS_PENDING, table.c.available_at <= now
        )
        if self._database.dialect == "postgresql":
            free = free.with_for_update(skip_locked=True)
        claims = await self._update(session, free, values)
        first = [claim for claim in claims if claim.key] if run > 1 else []
        if first:
            following = union_all(*(select(self._following(claim, run - 1).subquery().c.id) for claim in first))
            claims += await self._update(session, following.subquery().select(), values)
        return sorted(claims, key=lambda claim: claim.id)

    def without_key(self, listener: str, now: datetime, limit: int) -> Select[Any]:
        """Return the query of rows without a key, in the order of `available_at`."""
        table = self._table
        return (
            select(table.c.id)
            .where(IS_PENDING, table.c.listener == listener, table.c.key == "", table.c.available_at <= now)
            .order_by(table.c.available_at)
            .limit(limit)
        )

    def first_of_keys(self, listener: str, after: str, now: datetime, limit: int) -> Select[Any]:
        """Return the query of the due first rows of keys behind a key."""
        table, later, oldest = self._table, self._table.alias("later_row"), self._table.alias("oldest_row")
        begin = select(func.min(table.c.key).label("key")).where(
            IS_PENDING, table.c.listener == listener, table.c.key > after
        )
        keys = begin.cte("keys", recursive=True)
        step = (
            select(func.min(later.c.key))
            .where(_is_pending(later), later.c.listener == listener, later.c.key > keys.c.key)
            .scalar_subquery()
        )
        keys = keys.union_all(select(step).where(keys.c.key.is_not(None)))
        of_key = (_is_pending(oldest), oldest.c.listener == listener, oldest.c.key == keys.c.key)
        # Each subquery is a step in the index of pending rows; a join would make PostgreSQL read the whole index.
        identifier = select(oldest.c.id).where(*of_key).order_by(oldest.c.id).limit(1).scalar_subquery()
        available_at = select(oldest.c.available_at).where(*of_key).order_by(oldest.c.id).limit(1).scalar_subquery()
        columns: list[ColumnElement[Any]] = [identifier.label("id"), keys.c.key]
        return select(*columns).where(keys.c.key.is_not(None), available_at <= now).limit(limit)

    def _following(self, claim: Claim, limit: int) -> Select[Any]:
        table = self._table
        return (
            select(table.c.id)
            .where(IS_PENDING, table.c.listener == claim.listener, table.c.key == claim.key, table.c.id > claim.id)
            .order_by(table.c.id)
            .limit(limit)
        )

    async def _update(self, session: Session, identifiers: Any, values: dict[str, Any]) -> list[Claim]:
        table = self._table
        taken = (
            update(table)
            .where(table.c.id.in_(identifiers))
            .values(values)
            .returning(table.c.id, table.c.listener, table.c.key, table.c.event_name, table.c.payload)
        )
        return [
            Claim(row.id, row.listener, row.key, row.event_name, row.payload, values["token"])
            for row in (await session.execute(taken)).all()
        ]


def _is_pending(rows: Any) -> Any:
    return literal_column(f"{rows.name}.status") == literal_column(f"'{PENDING}'")
