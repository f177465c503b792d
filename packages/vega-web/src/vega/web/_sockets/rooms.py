"""Rooms: who is in them, and what everybody in one is told, in this process and in others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, final

from starlette.types import Message

from .messages import written
from .send_queue import SendQueue

Deliver: TypeAlias = Callable[[str, str, str], None]  # room, text, and the member to leave out
Missed: TypeAlias = Callable[[str, int], None]  # room, and how many messages


class Backplane(Protocol):
    """Carries the messages of rooms between processes."""

    async def start(self, deliver: Deliver, missed: Missed) -> None:
        """Begin; both functions are called in the event loop, and never wait."""

    async def stop(self) -> None:
        """End."""

    async def follow(self, room: str) -> None:
        """Hear what is published for a room, from the return of this call on."""

    async def leave(self, room: str) -> None:
        """Hear it no more."""

    async def publish(self, room: str, text: str, exclude: str) -> None:
        """Have a text delivered to every process that follows a room, this one included.

        Raises:
            BackplaneError: it cannot be carried; this process got it.
        """


@final
class MemoryBackplane:
    """For one process: what is published is delivered at once."""

    def __init__(self) -> None:
        self._deliver: Deliver | None = None

    async def start(self, deliver: Deliver, missed: Missed) -> None:
        """Begin."""
        self._deliver = deliver

    async def stop(self) -> None:
        """End."""

    async def follow(self, room: str) -> None:
        """Do nothing: every room is heard."""

    async def leave(self, room: str) -> None:
        """Do nothing, as above."""

    async def publish(self, room: str, text: str, exclude: str) -> None:
        """Deliver a text."""
        if self._deliver is not None:
            self._deliver(room, text, exclude)


@final
class Rooms:
    """The rooms of an application; injectable, so that anything may speak to one: `rooms: Inject[Rooms]`.

    A room exists while somebody is in it. Whoever disconnects leaves all of theirs.

    A `config.py` that defines `rooms = Rooms(RedisBackplane(url))` has it used by `create_app`.

    Args:
        backplane: joins the rooms of several processes; a `MemoryBackplane` when None.
    """

    def __init__(self, backplane: Backplane | None = None) -> None:
        self._backplane: Backplane = backplane or MemoryBackplane()
        self._members: dict[str, dict[str, SendQueue]] = {}

    async def __aenter__(self) -> Rooms:
        await self._backplane.start(self._deliver, self._tell_missed)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._backplane.stop()

    def members(self, room: str) -> int:
        """Return how many members a room has in this process."""
        return len(self._members.get(room, ()))

    async def join(self, room: str, member: str, send_queue: SendQueue) -> None:
        """Let a socket into a room; for handlers, which call it by `self.join(room)`."""
        members = self._members.setdefault(room, {})
        is_first = not members
        members[member] = send_queue
        if is_first:
            await self._backplane.follow(room)

    async def leave(self, room: str, member: str) -> None:
        """Let a socket out of a room."""
        members = self._members.get(room)
        if members is None or members.pop(member, None) is None or members:
            return
        del self._members[room]
        await self._backplane.leave(room)

    async def broadcast(self, room: str, message: Any, *, exclude: str = "") -> None:
        """Tell everybody in a room, in every process; no slow client holds it up.

        Args:
            room: its name.
            message: a text, or anything that becomes JSON; written once for all.
            exclude: the id of a member who is not told, such as the sender.

        Raises:
            BackplaneError: other processes cannot be reached; this one's members were told.
            TypeError: bytes, which rooms do not carry.
        """
        sent = written(message)
        if "text" not in sent:
            raise TypeError("rooms carry text and what becomes JSON, no bytes")
        await self._backplane.publish(room, sent["text"], exclude)

    def _deliver(self, room: str, text: str, exclude: str) -> None:
        members = self._members.get(room)
        if members is None:
            return
        message: Message = {"type": "websocket.send", "text": text}
        for member, send_queue in list(members.items()):
            if member != exclude:
                send_queue.push(message)

    def _tell_missed(self, room: str, count: int) -> None:
        text = written({"type": "gap", "room": room, "missed": count})["text"]
        self._deliver(room, text, "")
