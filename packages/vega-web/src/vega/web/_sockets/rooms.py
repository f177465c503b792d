"""Rooms: members, and messages to all members, in this process and others."""

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
    """A receiver of a room's messages: the queue of a socket or of a subscription."""

    def push(self, message: Message) -> None:
        """Take a message without blocking or raising."""


class _Room:
    """A room with members in this process, or a room being joined or left."""

    __slots__ = ("identities", "is_followed", "lock", "members", "users")

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.identities: set[str] = set()  # members counted by identity
        self.lock = asyncio.Lock()
        self.users = 0  # tasks that are joining or leaving
        self.is_followed = False


@final
class Rooms:
    """The rooms of an application; injectable, so that any code can send to a room: `rooms: Inject[Rooms]`.

    A room exists while it has members. A socket leaves all of its rooms on disconnect.

    The instance of a `config.py` that defines `rooms = Rooms(RedisBackplane(url))` is provided and started in every
    process of the application: servers, workers, commands.

    Args:
        backplane: connects the rooms of several processes; a `MemoryBackplane` when None.
    """

    def __init__(self, backplane: Backplane | None = None) -> None:
        self._backplane: Backplane = backplane or MemoryBackplane()
        self._rooms: dict[str, _Room] = {}
        self._starts = 0

    async def __aenter__(self) -> Rooms:
        """Start, unless started; the last exit stops the rooms."""
        self._starts += 1
        if self._starts == 1:
            await self._backplane.start(self._deliver, self._report_missed)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._starts -= 1
        if not self._starts:
            await self._backplane.stop()

    def members(self, room: str) -> int:
        """Return the number of members of a room in this process."""
        entry = self._rooms.get(room)
        return len(entry.members) if entry is not None else 0

    async def identities(self, room: str) -> list[str]:
        """Return the distinct identities of a room's members, in all processes, sorted.

        Raises:
            BackplaneError: other processes cannot be reached.
        """
        return await self._backplane.identities(room)

    async def join(self, room: str, member: str, receiver: Member, *, identity: str = "") -> None:
        """Add a receiver to a room; handlers call `self.join(room)`.

        Args:
            room: the name of the room.
            member: the id of the receiver, unique across processes.
            receiver: takes the messages.
            identity: counted and announced while present in the room; empty for none.
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
        """Remove a receiver from a room."""
        if room not in self._rooms:
            return
        async with self._changing(room) as entry:
            if entry.members.pop(member, None) is not None:
                await self._exit(entry, room, member)

    async def _exit(self, entry: _Room, room: str, member: str) -> None:
        if member in entry.identities:
            entry.identities.discard(member)
            await uninterrupted(self._backplane.exit(room, member))  # or other processes keep counting the member

    @asynccontextmanager
    async def _changing(self, room: str) -> AsyncGenerator[_Room]:
        """Lock a room for one task; the last task removes an empty room, also after a cancellation."""
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
        """Yield the messages of a room as text, serialised to JSON: `EventStream(rooms.subscribe("board"))`.

        The room is joined at the first step of the iteration, and left at the end.

        Args:
            room: the name of the room.
            queue: the maximum number of messages that wait for a slow reader.
            overflow: the policy for a full queue: `drop_oldest`, `close` (ends the iteration), or `coalesce(...)`.
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
        """Send a message to all members of a room, in all processes, without waiting for slow clients.

        Args:
            room: the name of the room.
            message: a text, or any serialisable value; serialised once for all.
            exclude: the id of a member to leave out, such as the sender.

        Raises:
            BackplaneError: other processes cannot be reached; the members in this process received the message.
            NotFiniteError: the message contains NaN or Infinity.
            TypeError: the message is bytes, which rooms do not support.
            WebError: the rooms are not started.
        """
        sent = written(message)
        if "text" not in sent:
            raise TypeError("rooms carry text and serialisable values, not bytes")
        if not self._starts:
            raise WebError("the rooms are not started", f"the room {room}", "send while the application runs")
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
    """Do nothing: the reader notices the closed queue."""
