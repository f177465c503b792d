"""A relay of the outbox: it claims the rows that are due, runs their listeners, and puts back what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, and_, delete, or_, select, update

from vega.events import Event
from vega.patterns import new_id

from .._connection.database import Database
from .._connection.session import Session
from ._listeners import Handler, Invoke, Listener, Receiver
from ._rows import DEAD, PENDING, Claim

_LONGEST_ERROR: Final = 2000


class Relay:
    """Delivers the rows of an outbox to its listeners: at least once, each listener for itself.

    Args:
        database: holds the rows.
        table: the table of the rows.
        listeners: the listeners by name; rows of others are left to other relays.
        retries: how many times a listener runs again after a failure; then the row is dead.
        lease: how long a claim keeps other relays from a row.
        backoff: the delay before the first retry; it doubles each time, up to an hour.
        clock: returns the moment.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        listeners: Mapping[str, Receiver],
        *,
        retries: int,
        lease: timedelta,
        backoff: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._table, self._listeners = database, table, listeners
        self._retries, self._lease, self._backoff, self._clock = retries, lease, backoff, clock

    async def once(self, batch: int, invoke: Invoke | None) -> int:
        """Run the listeners of the rows that are due, at most a batch of them; return how many succeeded."""
        if self._database.open_unit() is not None:
            return 0  # the units of the listeners would join it, before its own rows are committed
        done = 0
        for claim in await self.claim(batch):
            done += await self.handle(claim, invoke or _plainly)
        return done

    async def claim(self, batch: int) -> Sequence[Claim]:
        """Take rows that are due for the length of a lease; return them in the order of writing."""
        table, now, token = self._table, self._clock(), new_id().hex
        free = or_(table.c.locked_until.is_(None), table.c.locked_until < now)
        due = and_(table.c.status == PENDING, table.c.available_at <= now, free)
        earlier = table.alias("earlier")
        waits = (
            select(earlier.c.id)
            .where(
                earlier.c.listener == table.c.listener,
                earlier.c.key == table.c.key,
                earlier.c.status == PENDING,
                earlier.c.id < table.c.id,
            )
            .exists()
        )
        own = table.c.listener.in_(list(self._listeners))
        due_ids = select(table.c.id).where(due, own, or_(table.c.key == "", ~waits)).order_by(table.c.id).limit(batch)
        if self._database.dialect == "postgresql":
            due_ids = due_ids.with_for_update(skip_locked=True)
        taken = (
            update(table)
            .where(table.c.id.in_(due_ids.scalar_subquery()))
            .values(token=token, locked_until=now + self._lease, attempts=table.c.attempts + 1)
            .returning(table.c.id, table.c.listener, table.c.payload, table.c.attempts)
        )
        async with self._database.writing() as session:
            rows = (await session.execute(taken)).all()
        claims = [Claim(row.id, row.listener, row.payload, row.attempts, token) for row in rows]
        return sorted(claims, key=lambda claim: claim.id)

    async def handle(self, claim: Claim, invoke: Invoke) -> bool:
        """Run the listener of a row in a unit of work that takes the row out; return whether it succeeded."""
        listener = self._listeners[claim.listener]
        try:
            async with self._database.unit() as unit:
                await self._take_out(unit.session, claim)
                await listener.receive(claim.id, claim.payload, invoke)
        except _LostLease:
            return False
        except Exception as error:  # noqa: BLE001 - reported in the row, which is retried or dead
            await self._failed(claim, error)
            return False
        return True

    async def _take_out(self, session: Session, claim: Claim) -> None:
        table = self._table
        gone = await session.execute(delete(table).where(table.c.id == claim.id, table.c.token == claim.token))
        if gone.rowcount == 0:
            raise _LostLease

    async def _failed(self, claim: Claim, error: Exception) -> None:
        table, now = self._table, self._clock()
        is_event = isinstance(self._listeners[claim.listener], Listener)  # deferred work is handed over at any rate
        delay = min(self._backoff * 2 ** min(claim.attempts - 1, 30), timedelta(hours=1))
        values = {
            "status": DEAD if is_event and claim.attempts > self._retries else PENDING,
            "available_at": now + delay,
            "token": "",
            "locked_until": None,
            "error": f"{type(error).__name__}: {error}"[:_LONGEST_ERROR].replace("\0", ""),
        }
        put_back = update(table).where(table.c.id == claim.id, table.c.token == claim.token).values(values)
        async with self._database.writing(single=True) as session:
            await session.execute(put_back)


class _LostLease(Exception):  # noqa: N818 - never leaves this module
    """Another relay has taken the row over."""


async def _plainly(handler: Handler, event: Event) -> Any:
    return await handler(event)
