"""Rooms: their members, and the messages that all of them receive, in this process and in others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol, final

from starlette.types import Message

from vega.patterns import new_id

from .._errors import WebError
from .._stores.uninterrupted import uninterrupted
from .backplane import Backplane, MemoryBackplane
from .coalescing import Overflow
from .messages import written
from .send_queue import SendQueue


class Member(Protocol):
    """A receiver of the messages of a room: the queue of a socket or of a subscription."""

    def push(self, message: Message) -> None:
        """Take a message; never waits, never raises."""


class _Room:
    """A room with members in this process, or one that is being joined or left."""

    __slots__ = ("identities", "is_followed", "lock", "members", "users")

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.identities: set[str] = set()  # the members that are counted by an identity
        self.lock = asyncio.Lock()
        self.users = 0  # the tasks that join or leave
        self.is_followed = False


@final
class Rooms:
    """The rooms of an application; injectable, so that any code may speak to one: `rooms: Inject[Rooms]`.

    A room exists while it has members. A socket that disconnects leaves all of its rooms.

    A `config.py` that defines `rooms = Rooms(RedisBackplane(url))` has it provided and started in every process of the
    application: servers, workers, commands.

    Args:
        backplane: joins the rooms of several processes; a `MemoryBackplane` when None.
    """

    def __init__(self, backplane: Backplane | None = None) -> None:
        self._backplane: Backplane = backplane or MemoryBackplane()
        self._rooms: dict[str, _Room] = {}
        self._starts = 0

    async def __aenter__(self) -> Rooms:
        """Start, unless they are started; the last exit stops them."""
        self._starts += 1
        if self._starts == 1:
            await self._backplane.start(self._deliver, self._report_missed)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._starts -= 1
        if not self._starts:
            await self._backplane.stop()

    def members(self, room: str) -> int:
        """Return how many members a room has in this process."""
        entry = self._rooms.get(room)
        return len(entry.members) if entry is not None else 0

    async def identities(self, room: str) -> list[str]:
        """Return the identities of the members of a room, in every process: each once, sorted.

        Raises:
            BackplaneError: other processes cannot be reached.
        """
        return await self._backplane.identities(room)

    async def join(self, room: str, member: str, receiver: Member, *, identity: str = "") -> None:
        """Let a receiver into a room; for handlers, which call it by `self.join(room)`.

        Args:
            room: its name.
            member: the id of the receiver, unique over all processes.
            receiver: takes the messages.
            identity: counted and announced in the room while it has a member there; empty for none.
        """
        async with self._changing(room) as entry:
            if not entry.is_followed:
                await self._backplane.follow(room)
                entry.is_followed = True
            entry.members[member] = receiver
            if identity:
                entry.identities.add(member)
                try:
                    await self._backplane.enter(room, member, identity)
                except BaseException:
                    del entry.members[member]
                    await self._exit(entry, room, member)
                    raise

    async def leave(self, room: str, member: str) -> None:
        """Let a receiver out of a room."""
        if room not in self._rooms:
            return
        async with self._changing(room) as entry:
            if entry.members.pop(member, None) is not None:
                await self._exit(entry, room, member)

    async def _exit(self, entry: _Room, room: str, member: str) -> None:
        if member in entry.identities:
            entry.identities.discard(member)
            await uninterrupted(self._backplane.exit(room, member))  # or other processes count the member on

    @asynccontextmanager
    async def _changing(self, room: str) -> AsyncGenerator[_Room]:
        """Give a room to one task at a time; the last one that finds it empty forgets it, whatever was cancelled."""
        entry = self._rooms.setdefault(room, _Room())
        entry.users += 1
        try:
            async with entry.lock:
                yield entry
        finally:
            entry.users -= 1
            if not entry.users and not entry.members:
                entry.users += 1
                try:
                    await uninterrupted(self._forget(entry, room))
                finally:
                    entry.users -= 1

    async def _forget(self, entry: _Room, room: str) -> None:
        async with entry.lock:
            if entry.users == 1 and not entry.members:
                entry.is_followed = False
                await self._backplane.leave(room)
            if entry.users == 1 and not entry.members:
                del self._rooms[room]

    async def subscribe(self, room: str, *, queue: int = 100, overflow: Overflow = "drop_oldest") -> AsyncIterator[str]:
        """Yield the messages of a room as text, JSON as it is sent: `EventStream(rooms.subscribe("board"))`.

        The room is joined when the first message is asked for, and left when the iteration ends.

        Args:
            room: its name.
            queue: how many messages may wait for a slow reader.
            overflow: what becomes of one more: `drop_oldest`, `close` (which ends the iteration), or `coalesce(...)`.
        """
        member, taken = new_id().hex, asyncio.Queue[Message](1)
        receiver = SendQueue(taken.put, limit=queue, overflow=overflow, stop=_ignore)
        await self.join(room, member, receiver)
        try:
            while not (receiver.is_closed and taken.empty()):
                yield (await taken.get())["text"]
        finally:
            await uninterrupted(self._end(room, member, receiver))

    async def _end(self, room: str, member: str, receiver: SendQueue) -> None:
        await self.leave(room, member)
        await receiver.close(None, 0)

    async def broadcast(self, room: str, message: Any, *, exclude: str = "") -> None:
        """Send a message to all members of a room, in every process; no slow client holds it up.

        Args:
            room: its name.
            message: a text, or anything that becomes JSON; written once for all.
            exclude: the id of a member that does not receive it, such as the sender.

        Raises:
            BackplaneError: other processes cannot be reached; this one's members received it.
            NotFiniteError: the message holds NaN or Infinity.
            TypeError: bytes, which rooms do not carry.
            WebError: the rooms are not started.
        """
        sent = written(message)
        if "text" not in sent:
            raise TypeError("rooms carry text and what becomes JSON, no bytes")
        if not self._starts:
            raise WebError("the rooms are not started", f"the room {room}", "speak while the application runs")
        await self._backplane.publish(room, sent["text"], exclude)

    def _deliver(self, room: str, text: str, exclude: str) -> None:
        entry = self._rooms.get(room)
        if entry is None:
            return
        message: Message = {"type": "websocket.send", "text": text}
        for member, receiver in list(entry.members.items()):
            if member != exclude:
                receiver.push(message)

    def _report_missed(self, room: str, count: int) -> None:
        text = written({"type": "gap", "room": room, "missed": count})["text"]
        self._deliver(room, text, "")


def _ignore(_: int) -> None:
    """Do nothing: a reader sees that its queue is closed."""
