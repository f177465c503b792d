"""The transactional outbox: what was committed is told, even when the process dies in between.

Events that aggregates recorded are written in the transaction that stores the aggregates, one row for each durable
listener. Relays, any number of them, take the rows and run the listeners: at least once, each listener for itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

from sqlalchemy import MetaData, and_, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vega.events import Event, EventError

from .._connection.database import Database
from .._connection.session import Session
from .._errors import OutboxError
from .._mapping.uuid7 import uuid7
from .._sql.tables import NAMING
from ._listeners import Handler, Listener
from ._rows import Claim, OutboxEntry, inbox_table, outbox_table

__all__ = ["Outbox", "OutboxEntry"]

E = TypeVar("E", bound=Event)
Invoke = Callable[[Handler, Event], Awaitable[Any]]
_PENDING: Final = "pending"
_DEAD: Final = "dead"
_LONGEST_ERROR: Final = 2000


class Outbox:
    """The durable listeners of a database, and the rows that wait for them.

    Making one has the units of work of the database write what their aggregates recorded. The table is made by
    `create_all`, or by a migration from `outbox.metadata`.

    Args:
        database: whose units write.
        table: the name of the table.
        retries: how many times a listener runs again after a failure, at least 0; then the row is dead.
        lease: how long a relay may take for one row before another takes it over, in seconds, more than 0.
        backoff: the delay before the first retry, in seconds; it doubles each time, up to an hour.
        clock: returns the moment; for tests.
    """

    def __init__(
        self,
        database: Database,
        *,
        table: str = "outbox",
        retries: int = 5,
        lease: float = 60.0,
        backoff: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.metadata: MetaData = MetaData(naming_convention=NAMING)
        self._table = outbox_table(table, self.metadata)
        self._inbox = inbox_table(f"{table}_inbox", self.metadata)
        self._database, self._retries, self._clock = database, retries, clock
        self._lease, self._backoff = timedelta(seconds=lease), timedelta(seconds=backoff)
        self._listeners: dict[str, Listener] = {}
        self._wake = asyncio.Event()
        database.attach_outbox(self)

    def listen(
        self, event: type[E], *, name: str = "", key: Callable[[E], str] | None = None
    ) -> Callable[[Callable[[E], Awaitable[Any]]], Callable[[E], Awaitable[Any]]]:
        """Decorate an async function that must hear of every event of a type.

        Args:
            event: the event's class; its subclasses are heard as well.
            name: a stable name, by which waiting rows find the function; module and function name when empty.
            key: events with equal keys are told to this listener one after the other, in the order of writing;
                a row that is dead no longer holds the others up.

        Raises:
            OutboxError: another function has the name.
        """

        def add(handler: Callable[[E], Awaitable[Any]]) -> Callable[[E], Awaitable[Any]]:
            chosen = name or f"{handler.__module__}.{handler.__qualname__}"
            if chosen in self._listeners and self._listeners[chosen].handler is not handler:
                raise OutboxError(f"two listeners are called {chosen}", "Outbox.listen", "give one of them a name=")
            self._listeners[chosen] = Listener(chosen, event, handler, key)
            return handler

        return add

    async def write(self, session: Session, events: Iterable[Event]) -> int:
        """Write events into the transaction of a session, one row for each of their listeners.

        Raises:
            OutboxError: an event cannot be written as plain data.
        """
        rows = [
            self._row(event, one)
            for event in events
            for one in self._listeners.values()
            if isinstance(event, one.event)
        ]
        if rows:
            await session.execute(insert(self._table), rows)
        return len(rows)

    def wake(self) -> None:
        """Tell the relays of this process that there may be rows."""
        self._wake.set()

    async def relay_once(self, *, batch: int = 50, invoke: Invoke | None = None) -> int:
        """Run the listeners of the rows that are due, and return how many succeeded.

        A listener runs in a unit of work, in which its row is taken out: what it stores in this database happens
        exactly once. What it does elsewhere may happen again after a crash.

        Args:
            batch: how many rows to take at most, at least 1.
            invoke: runs a handler with its event, such as one that injects what else it needs.
        """
        done = 0
        for claim in await self._claim(batch):
            done += await self._handle(claim, invoke or _plainly)
        return done

    async def run(self, stop: asyncio.Event, *, poll: float = 1.0, invoke: Invoke | None = None) -> None:
        """Relay until told to stop: at once after a commit of this process, else every `poll` seconds."""
        while not stop.is_set():
            self._wake.clear()  # before the look, so that a commit after it is not missed
            if await self.relay_once(invoke=invoke):
                continue
            waits = [asyncio.ensure_future(one.wait()) for one in (stop, self._wake)]
            await asyncio.wait(waits, timeout=poll, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()

    async def entries(self, *, dead: bool = False, limit: int = 100) -> list[OutboxEntry]:
        """Return rows in the order of writing: those that wait, or those that are dead."""
        status = _DEAD if dead else _PENDING
        asked = select(self._table).where(self._table.c.status == status).order_by(self._table.c.id).limit(limit)
        async with self._database.reading() as session:
            rows = (await session.execute(asked)).mappings().all()
        return [
            OutboxEntry(
                id=row["id"],
                listener=row["listener"],
                event_name=row["event_name"],
                key=row["key"],
                attempts=row["attempts"],
                error=row["error"],
                is_dead=row["status"] == _DEAD,
            )
            for row in rows
        ]

    async def resubmit(self, ids: Iterable[str] | None) -> int:
        """Give dead rows all their attempts again, every one of them for None; return how many there were."""
        table = self._table
        again = update(table).where(table.c.status == _DEAD)
        if ids is not None:
            again = again.where(table.c.id.in_(list(ids)))
        fresh = again.values(status=_PENDING, attempts=0, available_at=self._clock(), token="", locked_until=None)
        async with self._database.writing(single=True) as session:
            count = int((await session.execute(fresh)).rowcount)
        self.wake()
        return count

    async def first_time(self, consumer: str, message: str) -> bool:
        """Tell whether a consumer sees a message for the first time, and remember that it has.

        Call it in the unit of work of the handler: both are committed together, or neither.
        """
        row = {"consumer": consumer, "message": message, "seen_at": self._clock()}
        dialect = sqlite if self._database.dialect == "sqlite" else postgresql
        async with self._database.writing() as session:
            done = await session.execute(dialect.insert(self._inbox).values(row).on_conflict_do_nothing())
        return bool(done.rowcount)

    def _row(self, event: Event, listener: Listener) -> dict[str, Any]:
        try:
            payload = json.dumps(event.to_dict(), ensure_ascii=False, allow_nan=False)
        except (EventError, ValueError) as error:
            raise OutboxError(
                f"{type(event).__name__} cannot be written as plain data: {error}", listener.name, "see Event.to_dict"
            ) from error
        return {
            "id": str(uuid7()),
            "listener": listener.name,
            "event_name": type(event).__name__,
            "payload": payload,
            "key": "" if listener.key is None else str(listener.key(event)),
            "status": _PENDING,
            "attempts": 0,
            "available_at": self._clock(),
            "token": "",
            "locked_until": None,
            "error": "",
        }

    async def _claim(self, batch: int) -> Sequence[Claim]:
        table, now, token = self._table, self._clock(), uuid4().hex
        free = or_(table.c.locked_until.is_(None), table.c.locked_until < now)
        due = and_(table.c.status == _PENDING, table.c.available_at <= now, free)
        earlier = table.alias("earlier")
        waits = (
            select(earlier.c.id)
            .where(
                earlier.c.listener == table.c.listener,
                earlier.c.key == table.c.key,
                earlier.c.status == _PENDING,
                earlier.c.id < table.c.id,
            )
            .exists()
        )
        mine = table.c.listener.in_(list(self._listeners))
        asked = select(table.c.id).where(due, mine, or_(table.c.key == "", ~waits)).order_by(table.c.id).limit(batch)
        if self._database.dialect == "postgresql":
            asked = asked.with_for_update(skip_locked=True)
        taken = (
            update(table)
            .where(table.c.id.in_(asked.scalar_subquery()))
            .values(token=token, locked_until=now + self._lease, attempts=table.c.attempts + 1)
            .returning(table.c.id, table.c.listener, table.c.payload, table.c.attempts)
        )
        async with self._database.writing() as session:
            rows = (await session.execute(taken)).all()
        claims = [Claim(row.id, row.listener, row.payload, row.attempts, token) for row in rows]
        return sorted(claims, key=lambda claim: claim.id)

    async def _handle(self, claim: Claim, invoke: Invoke) -> bool:
        listener = self._listeners[claim.listener]
        try:
            event = Event.from_dict(json.loads(claim.payload))
            async with self._database.unit() as unit:
                await self._take_out(unit.session, claim)
                await invoke(listener.handler, event)
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
        delay = min(self._backoff * 2 ** min(claim.attempts - 1, 30), timedelta(hours=1))
        values = {
            "status": _DEAD if claim.attempts > self._retries else _PENDING,
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
