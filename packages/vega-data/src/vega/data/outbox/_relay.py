"""A relay of the outbox: claims due rows, runs the listeners, and reschedules failed rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Table, delete, update

from vega.events import Event
from vega.patterns import new_id

from .._connection.database import Database
from .._connection.session import Session
from ._due_rows import DueRows
from ._listeners import Handler, Invoke, Listener, Receiver
from ._rows import DEAD, PENDING, Claim

_LONGEST_ERROR: Final = 2000
_logger = logging.getLogger("vega.data")


class End(Enum):
    """How a row ended: done, dead, to be tried again, or taken over by another relay."""

    DONE = auto()
    DEAD = auto()
    RETRY = auto()
    LOST = auto()


class Relay:
    """A worker that delivers outbox rows to listeners: at least once, each listener separately.

    Args:
        database: holds the rows.
        table: the table of the rows.
        listeners: the listeners by name; rows of unknown listeners are left to other relays.
        retries: how many times a listener runs again after a failure; then the row is dead.
        lease: how long a claim, and then each listener, reserves a row.
        backoff: the delay before the first retry, doubled for each retry.
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
        self.due_rows: DueRows = DueRows(database, table)

    async def once(self, batch: int, invoke: Invoke | None) -> int:
        """Run the listeners of due rows, up to a batch; return the number of successes."""
        if self._database.open_unit() is not None:
            return 0  # the units of the listeners would join the open unit, before the rows are committed
        done = 0
        claims = sorted(await self.claim(batch), key=lambda claim: (claim.listener, claim.key))  # a stable sort
        for (_, key), rows in groupby(claims, key=lambda claim: (claim.listener, claim.key)):
            done += await self._deliver(list(rows), invoke or _plainly, in_order=bool(key))
        return done

    async def claim(self, batch: int) -> Sequence[Claim]:
        """Claim due rows for a lease; return the rows in the order of writing."""
        due, now = self.due_rows, self._clock()
        claims: list[Claim] = []
        names = list(self._listeners) if await due.are_pending() else []
        for name in names:
            room = batch - len(claims)
            found = await due.find(name, now, room) if room > 0 else ()
            if found:
                values = {"token": new_id().hex, "available_at": now + self._lease}
                async with self._database.writing() as session:
                    claims += await due.claim(session, found, now, values, max(1, room // len(found)))
        return sorted(claims, key=lambda claim: claim.id)

    async def handle(self, claim: Claim, invoke: Invoke) -> End:
        """Run the listener of a row in a unit of work that deletes the row."""
        attempt = await self._start(claim)
        if attempt is None:
            return End.LOST
        try:
            async with self._database.unit() as unit:
                await self._take_out(unit.session, claim)
                await self._listeners[claim.listener].receive(claim.id, claim.payload, invoke)
        except _LostLease:
            return End.LOST
        except Exception as error:  # noqa: BLE001 - reported in the row and in the log
            return await self._failed(claim, attempt, error)
        return End.DONE

    async def _deliver(self, rows: list[Claim], invoke: Invoke, *, in_order: bool) -> int:
        """Run the listeners of rows; with a key, a row waits until earlier rows are done or dead."""
        done = 0
        for place, claim in enumerate(rows):
            end = await self.handle(claim, invoke)
            done += end is End.DONE
            if in_order and end in {End.RETRY, End.LOST}:
                await self._release(rows[place + 1 :])
                break
        return done

    async def _start(self, claim: Claim) -> int | None:
        """Count an attempt and begin the lease; return the attempt's number, or None if another relay has the row."""
        table = self._table
        started = (
            update(table)
            .where(table.c.id == claim.id, table.c.token == claim.token)
            .values(attempts=table.c.attempts + 1, available_at=self._clock() + self._lease)
            .returning(table.c.attempts)
        )
        async with self._database.writing() as session:
            return (await session.execute(started)).scalar()

    async def _release(self, claims: Sequence[Claim]) -> None:
        if claims:
            table = self._table
            own = table.c.id.in_([claim.id for claim in claims]), table.c.token == claims[0].token
            async with self._database.writing(single=True) as session:
                await session.execute(update(table).where(*own).values(available_at=self._clock(), token=""))

    async def _take_out(self, session: Session, claim: Claim) -> None:
        table = self._table
        gone = await session.execute(delete(table).where(table.c.id == claim.id, table.c.token == claim.token))
        if gone.rowcount == 0:
            raise _LostLease

    async def _failed(self, claim: Claim, attempt: int, error: Exception) -> End:
        table, now = self._table, self._clock()
        is_event = isinstance(self._listeners[claim.listener], Listener)  # deferred work is handed over at any rate
        is_dead = is_event and attempt > self._retries
        delay = min(self._backoff * 2 ** min(attempt - 1, 30), timedelta(hours=1))
        values: dict[str, Any] = {
            "status": DEAD if is_dead else PENDING,
            "available_at": now + delay,
            "token": "",
            "error": f"{type(error).__name__}: {error}"[:_LONGEST_ERROR].replace("\0", ""),
        }
        put_back = update(table).where(table.c.id == claim.id, table.c.token == claim.token).values(values)
        async with self._database.writing(single=True) as session:
            await session.execute(put_back)
        subject = f"{claim.event_name or 'work'} {claim.id}" + (f" of the key {claim.key}" if claim.key else "")
        following = "it is dead" if is_dead else f"it is tried again at {now + delay:%Y-%m-%d %H:%M:%S%z}"
        _logger.warning(
            "listener %s failed on %s, attempt %d: %s", claim.listener, subject, attempt, following, exc_info=error
        )
        return End.DEAD if is_dead else End.RETRY


class _LostLease(Exception):  # noqa: N818 - never leaves this module
    """Another relay has taken the row over."""


async def _plainly(handler: Handler, event: Event) -> Any:
    return await handler(event)
