"""The transactional outbox: committed events are delivered even if the process crashes.

Recorded events are written in the transaction that stores the aggregates, one row for each durable
listener. Any number of relays claim the rows and run the listeners: at least once, each listener separately.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import MetaData, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vega.core.extend import WorkHandler
from vega.events import Event, EventError
from vega.patterns import get_clock, new_id

from .._connection.database import Database
from .._connection.session import Session
from .._errors import OutboxError
from .._sql.names import NAMING
from ._listeners import Invoke, Listener, Receiver, WorkReceiver
from ._relay import Relay
from ._rows import DEAD, LONGEST_NAME, PENDING, OutboxEntry, inbox_table, outbox_table

E = TypeVar("E", bound=Event)


class Outbox:
    """The durable listeners of a database, and the pending rows.

    A new outbox makes the units of work of the database write recorded events. The table is created by
    `create_all`, or by a migration from `outbox.metadata`.

    Args:
        database: whose units write.
        table: the name of the table.
        retries: how many times a listener runs again after a failure, at least 0; then the row is dead.
        lease: how long a listener may run for a row before another relay takes over, in seconds, more than 0.
        backoff: the delay before the first retry, in seconds, doubled for each retry up to an hour.
        clock: returns the instant; the current `Clock` unless given.
    """

    def __init__(
        self,
        database: Database,
        *,
        table: str = "outbox",
        retries: int = 5,
        lease: float = 60.0,
        backoff: float = 1.0,
        clock: Callable[[], datetime] = lambda: get_clock().now(),
    ) -> None:
        self.metadata: MetaData = MetaData(naming_convention=NAMING)
        self._table = outbox_table(table, self.metadata)
        self._inbox = inbox_table(f"{table}_inbox", self.metadata)
        self._database, self._clock = database, clock
        self._listeners: dict[str, Receiver] = {}
        self._relay = Relay(
            database,
            self._table,
            self._listeners,
            retries=retries,
            lease=timedelta(seconds=lease),
            backoff=timedelta(seconds=backoff),
            clock=clock,
        )
        self._waiting: set[asyncio.Event] = set()
        database.attach_outbox(self)

    @classmethod
    def of(cls, database: Database) -> Outbox:
        """Return the outbox of a database, for example to list the entries.

        Raises:
            OutboxError: the database has none.
        """
        outbox = database.outbox
        if isinstance(outbox, Outbox):
            return outbox
        raise OutboxError(
            "the database has no outbox",
            database.url.render_as_string(),
            "make one: Outbox(database); in a project run: vega add outbox",
        )

    def listen(
        self, event: type[E], *, name: str = "", key: Callable[[E], str] | None = None
    ) -> Callable[[Callable[[E], Awaitable[Any]]], Callable[[E], Awaitable[Any]]]:
        """Decorate an async function as a durable listener to events of a type.

        Args:
            event: the event's class, subclasses included.
            name: a stable name, by which pending rows find the function; module and function name when empty.
            key: events with equal keys are delivered to the listener one after the other, in the order of writing;
                a failing event blocks later events until success, or until the row is dead after all retries.

        Raises:
            OutboxError: another function has the name.
        """

        def add(handler: Callable[[E], Awaitable[Any]]) -> Callable[[E], Awaitable[Any]]:
            chosen = name or f"{handler.__module__}.{handler.__qualname__}"
            self._add(Listener(chosen, event, handler, key), "Outbox.listen")
            return handler

        return add

    def handle(self, kind: str, handler: WorkHandler) -> None:
        """Register the handler of a kind of deferred work; see `vega.core.extend.DeferredWork`.

        Raises:
            OutboxError: another handler or listener has the name, or the name is empty or too long.
        """
        self._add(WorkReceiver(kind, handler), "Outbox.handle")

    async def defer(self, kind: str, payload: str, *, key: str = "") -> str | None:
        """Store work in the open unit of work of the database; see `vega.core.extend.DeferredWork`.

        Returns:
            The identifier of the row; None when no unit is open.

        Raises:
            OutboxError: the kind has no handler, or payload or key cannot be stored.
            UnitOfWorkError: the open unit is read-only.
        """
        receiver = self._listeners.get(kind)
        if not isinstance(receiver, WorkReceiver):
            raise OutboxError(f"the kind {kind!r} has no handler", "Outbox.defer", "register one: outbox.handle(...)")
        if "\0" in payload or "\0" in key or len(key) > LONGEST_NAME:
            raise OutboxError(
                "the work cannot be stored", kind, f"give a payload without NUL and a key of {LONGEST_NAME} characters"
            )
        unit = self._database.open_unit()
        if unit is None:
            return None
        row = self._row(kind, payload, key=key)
        async with self._database.writing() as session:
            await session.execute(insert(self._table), [row])
        unit.after_commit(self.wake)
        return str(row["id"])

    async def write(self, session: Session, events: Iterable[Event]) -> int:
        """Write events into the transaction of a session, one row for each listener.

        Raises:
            OutboxError: an event cannot be written as plain data.
        """
        rows = [
            self._event_row(event, listener)
            for event in events
            for listener in self._listeners.values()
            if isinstance(listener, Listener) and isinstance(event, listener.event)
        ]
        if rows:
            await session.execute(insert(self._table), rows)
        return len(rows)

    def wake(self) -> None:
        """Wake the relays of this process."""
        for waiting in self._waiting:
            waiting.set()

    async def relay_once(self, *, batch: int = 50, invoke: Invoke | None = None) -> int:
        """Run the listeners of due rows; return the number of successes.

        A listener runs in a unit of work that deletes the row: changes in this database happen exactly once.
        Effects elsewhere may be repeated after a crash. Inside an open unit nothing is relayed.

        Args:
            batch: the maximum number of rows, at least 1.
            invoke: runs a handler with an event, for example with injected parameters.
        """
        return await self._relay.once(batch, invoke)

    async def run(self, stop: asyncio.Event, *, poll: float = 1.0, invoke: Invoke | None = None) -> None:
        """Relay until `stop` is set: at once after a commit of this process, else every `poll` seconds."""
        wake = asyncio.Event()
        self._waiting.add(wake)
        try:
            while not stop.is_set():
                wake.clear()  # before the query, so that a later commit is not missed
                if await self.relay_once(invoke=invoke):
                    continue
                waits = [asyncio.ensure_future(event.wait()) for event in (stop, wake)]
                await asyncio.wait(waits, timeout=poll, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
        finally:
            self._waiting.discard(wake)

    async def entries(self, *, dead: bool = False, limit: int = 100) -> list[OutboxEntry]:
        """Return pending or dead rows, in the order of writing."""
        status = DEAD if dead else PENDING
        rows_of_status = (
            select(self._table).where(self._table.c.status == status).order_by(self._table.c.id).limit(limit)
        )
        async with self._database.reading() as session:
            rows = (await session.execute(rows_of_status)).mappings().all()
        return [
            OutboxEntry(
                id=row["id"],
                listener=row["listener"],
                event_name=row["event_name"],
                key=row["key"],
                attempts=row["attempts"],
                error=row["error"],
                is_dead=row["status"] == DEAD,
            )
            for row in rows
        ]

    async def resubmit(self, ids: Iterable[str] | None) -> int:
        """Reset the attempts of dead rows, or of all dead rows for None; return the number of rows."""
        table = self._table
        again = update(table).where(table.c.status == DEAD)
        if ids is not None:
            again = again.where(table.c.id.in_(list(ids)))
        fresh = again.values(status=PENDING, attempts=0, available_at=self._clock(), token="")
        async with self._database.writing(single=True) as session:
            count = int((await session.execute(fresh)).rowcount)
        self.wake()
        return count

    async def first_time(self, consumer: str, message: str) -> bool:
        """Return whether a consumer sees a message for the first time, and record the message.

        Call the method in the handler's unit of work, so that the record is committed with the handler's changes.
        """
        row = {"consumer": consumer, "message": message, "seen_at": self._clock()}
        dialect = sqlite if self._database.dialect == "sqlite" else postgresql
        async with self._database.writing() as session:
            done = await session.execute(dialect.insert(self._inbox).values(row).on_conflict_do_nothing())
        return bool(done.rowcount)

    def _add(self, receiver: Receiver, where: str) -> None:
        name = receiver.name
        if not 0 < len(name) <= LONGEST_NAME:
            raise OutboxError(f"{name!r} cannot name a listener", where, f"give 1 to {LONGEST_NAME} characters")
        if self._listeners.setdefault(name, receiver).handler != receiver.handler:
            raise OutboxError(f"two listeners are called {name}", where, "give one of them another name")
        self._listeners[name] = receiver

    def _event_row(self, event: Event, listener: Listener) -> dict[str, Any]:
        try:
            payload = json.dumps(event.to_dict(), ensure_ascii=False, allow_nan=False)
        except (EventError, ValueError) as error:
            raise OutboxError(
                f"{type(event).__name__} cannot be written as plain data: {error}", listener.name, "see Event.to_dict"
            ) from error
        key = "" if listener.key is None else str(listener.key(event))
        return self._row(listener.name, payload, key=key, event_name=type(event).__name__)

    def _row(self, listener: str, payload: str, *, key: str, event_name: str = "") -> dict[str, Any]:
        return {
            "id": str(new_id()),
            "listener": listener,
            "event_name": event_name,
            "payload": payload,
            "key": key,
            "status": PENDING,
            "attempts": 0,
            "available_at": self._clock(),
            "token": "",
            "error": "",
        }
