"""Backplanes, which connect the rooms of several processes, and the in-process backplane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, final

from .messages import written

Deliver: TypeAlias = Callable[[str, str, str], None]  # room, text, and the member to exclude
Missed: TypeAlias = Callable[[str, int], None]  # room, and the number of messages


class Backplane(Protocol):
    """A carrier of room messages between processes, which also tracks the identities in rooms."""

    async def start(self, deliver: Deliver, missed: Missed) -> None:
        """Start; both functions are called in the event loop and do not block."""

    async def stop(self) -> None:
        """Stop."""

    async def follow(self, room: str) -> None:
        """Subscribe to the messages of a room, effective when the call returns."""

    async def leave(self, room: str) -> None:
        """Unsubscribe from a room, also after a cancelled `follow`."""

    async def publish(self, room: str, text: str, exclude: str) -> None:
        """Deliver a text to every process that follows a room, including this process.

        Raises:
            BackplaneError: other processes cannot be reached; the text was delivered in this process.
        """

    async def enter(self, room: str, member: str, identity: str) -> None:
        """Add a member; the first member of an identity is announced to the room, `{"type": "join", ...}`."""

    async def exit(self, room: str, member: str) -> None:
        """Remove a member; removing the last of an identity is announced, `{"type": "leave", ...}`."""

    async def identities(self, room: str) -> list[str]:
        """Return the identities in a room, in all processes, sorted.

        Raises:
            BackplaneError: the identities cannot be read.
        """
        raise NotImplementedError


@final
class MemoryBackplane:
    """A backplane for one process; delivers immediately."""

    def __init__(self) -> None:
        self._deliver: Deliver | None = None
        self._identities: dict[str, dict[str, str]] = {}

    async def start(self, deliver: Deliver, missed: Missed) -> None:
        """Start."""
        self._deliver = deliver

    async def stop(self) -> None:
        """Stop."""

    async def follow(self, room: str) -> None:
        """Do nothing: every room is followed."""

    async def leave(self, room: str) -> None:
        """Do nothing: every room is followed."""

    async def publish(self, room: str, text: str, exclude: str) -> None:
        """Deliver a text."""
        if self._deliver is not None:
            self._deliver(room, text, exclude)

    async def enter(self, room: str, member: str, identity: str) -> None:
        """Add a member."""
        present = self._identities.setdefault(room, {})
        is_first = identity not in present.values()
        present[member] = identity
        if is_first:
            await self.publish(room, announcement("join", room, identity), "")

    async def exit(self, room: str, member: str) -> None:
        """Remove a member."""
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
