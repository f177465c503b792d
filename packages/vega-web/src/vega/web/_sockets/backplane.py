"""Backplanes: how the rooms of several processes become one; the one of this process alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, final

from .messages import written

Deliver: TypeAlias = Callable[[str, str, str], None]  # room, text, and the member to leave out
Missed: TypeAlias = Callable[[str, int], None]  # room, and how many messages


class Backplane(Protocol):
    """Carries the messages of rooms between processes, and knows who is in them."""

    async def start(self, deliver: Deliver, missed: Missed) -> None:
        """Begin; both functions are called in the event loop, and never wait."""

    async def stop(self) -> None:
        """End."""

    async def follow(self, room: str) -> None:
        """Hear what is published for a room, from the return of this call on."""

    async def leave(self, room: str) -> None:
        """Hear it no more; also where `follow` was cancelled."""

    async def publish(self, room: str, text: str, exclude: str) -> None:
        """Have a text delivered to every process that follows a room, this one included.

        Raises:
            BackplaneError: it cannot be carried; this process got it.
        """

    async def enter(self, room: str, member: str, identity: str) -> None:
        """Count a member; the first of an identity is announced to the room, `{"type": "join", ...}`."""

    async def exit(self, room: str, member: str) -> None:
        """Count a member no more; the end of the last of an identity is announced, `{"type": "leave", ...}`."""

    async def identities(self, room: str) -> list[str]:
        """Return the identities in a room, in every process, sorted.

        Raises:
            BackplaneError: they cannot be had.
        """
        raise NotImplementedError


@final
class MemoryBackplane:
    """For one process: messages are delivered at once."""

    def __init__(self) -> None:
        self._deliver: Deliver | None = None
        self._identities: dict[str, dict[str, str]] = {}

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

    async def enter(self, room: str, member: str, identity: str) -> None:
        """Count a member."""
        present = self._identities.setdefault(room, {})
        is_first = identity not in present.values()
        present[member] = identity
        if is_first:
            await self.publish(room, announcement("join", room, identity), "")

    async def exit(self, room: str, member: str) -> None:
        """Count a member no more."""
        present = self._identities.get(room, {})
        identity = present.pop(member, None)
        if not present:
            self._identities.pop(room, None)
        if identity is not None and identity not in present.values():
            await self.publish(room, announcement("leave", room, identity), "")

    async def identities(self, room: str) -> list[str]:
        """Return the identities in a room."""
        return sorted(set(self._identities.get(room, {}).values()))


def announcement(kind: str, room: str, identity: str) -> str:
    """Return the text that announces a join or a leave."""
    text: str = written({"type": kind, "room": room, "identity": identity})["text"]
    return text
