"""Rooms over Redis or Valkey: one subscriber per process, and numbered messages to detect gaps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, final

from .._errors import BackplaneError
from .._stores.redis_client import listening_client, redis_client
from .backplane import Deliver, Missed
from .redis_presence import RedisPresence

_log = logging.getLogger("vega.web")
_PUBLISH: Final = """
local number = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[1], number .. '|' .. ARGV[1])
return number
"""
_REMEMBERED: Final = 3600  # seconds for which the number of an inactive room is stored
_SILENCE: Final = 10.0  # seconds of silence after which the server is pinged


@final
class RedisBackplane:
    """A backplane over Redis (5 and later) or Valkey; needs the extra `redis`.

    Messages of a room are numbered. If numbers are missing, after a broken connection or a restart of the server, the
    room's members get `{"type": "gap", "room": ..., "missed": n}` (0 if the number of missed messages is unknown).

    Args:
        url: such as `redis://localhost:6379/0` or `unix:///run/valkey.sock`.
        prefix: prepended to the name of each room.
        timeout: seconds for a command.
        longest_pause: maximum seconds between attempts to reconnect; the first pause is a twentieth.
        lease: seconds for which the identities of a killed process remain in their rooms, at most.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "vega:room:",
        timeout: float = 1.0,
        longest_pause: float = 1.0,
        lease: float = 30.0,
    ) -> None:
        self._url, self._prefix, self._timeout, self._longest = url, prefix, timeout, longest_pause
        self._lease = lease
        self._numbers: dict[str, int | None] = {}  # the last number of each followed room
        self._confirmed: dict[str, asyncio.Event] = {}
        self._redis: Any = None  # a redis.asyncio.Redis and its PubSub, whose types are incomplete
        self._listener: Any = None
        self._pubsub: Any = None
        self._is_asked = False
        self._task: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._presence = RedisPresence(prefix, kept=_REMEMBERED, lease=lease)

    async def start(self, deliver: Deliver, missed: Missed) -> None:
        """Start listening; the server may become available later."""
        self._redis = redis_client(self._url, timeout=self._timeout)
        self._listener = listening_client(
            self._url, timeout=self._timeout
        )  # silence is not a failure of a subscription
        self._deliver, self._missed = deliver, missed
        self._lock = asyncio.Lock()
        self._task = asyncio.create_task(self._listen(), name="vega-web rooms")
        self._renewal = asyncio.create_task(self._renew(), name="vega-web presence")

    async def stop(self) -> None:
        """End the subscription and close the connections."""
        tasks = [task for task in (self._task, self._renewal) if task is not None]
        self._task = self._renewal = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._attempt(self._presence.exit_all)
        if self._redis is not None:
            await self._redis.aclose()
            await self._listener.aclose()

    async def follow(self, room: str) -> None:
        """Subscribe to a room and wait for the confirmation; without a connection, subscribe after reconnecting."""
        self._numbers.setdefault(room, None)
        confirmed = self._confirmed.setdefault(room, asyncio.Event())
        await self._command("subscribe", room)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await confirmed.wait()

    async def leave(self, room: str) -> None:
        """Unsubscribe from a room."""
        self._numbers.pop(room, None)
        self._confirmed.pop(room, None)
        await self._command("unsubscribe", room)

    async def _command(self, name: str, room: str) -> None:
        async with self._lock:
            is_wanted = room in self._numbers
            if self._pubsub is None or is_wanted != (name == "subscribe"):
                return  # changed by another task meanwhile, or left to the listener when it connects
            with contextlib.suppress(*_failures()):
                async with asyncio.timeout(self._timeout):
                    await getattr(self._pubsub, name)(self._prefix + room)

    async def publish(self, room: str, text: str, exclude: str) -> None:
        """Publish a text under the next number of its room.

        Raises:
            BackplaneError: the server cannot be reached; the members in this process received the text.
        """
        assert self._redis is not None, "the application has not started"
        try:
            async with asyncio.timeout(self._timeout):
                await self._redis.eval(_PUBLISH, 1, self._prefix + room, f"{exclude}|{text}", str(_REMEMBERED))
        except _failures() as error:
            self._deliver(room, text, exclude)
            raise BackplaneError(
                "other processes cannot be reached", f"the room {room}", "check the server at REDIS_URL"
            ) from error

    async def enter(self, room: str, member: str, identity: str) -> None:
        """Add a member; without a connection, after reconnecting."""
        await self._attempt(self._presence.enter, room, member, identity)

    async def exit(self, room: str, member: str) -> None:
        """Remove a member; without a connection, when its lease expires."""
        await self._attempt(self._presence.exit, room, member)

    async def identities(self, room: str) -> list[str]:
        """Return the identities in a room, sorted.

        Raises:
            BackplaneError: the server cannot be reached.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._presence.identities(self._redis, room)
        except _failures() as error:
            raise BackplaneError(
                "the identities in a room cannot be read", f"the room {room}", "check the server at REDIS_URL"
            ) from error

    async def _attempt(self, command: Callable[..., Awaitable[None]], *arguments: str) -> None:
        """Run a command; if the server is unavailable, the leases compensate."""
        if self._redis is None:
            return
        try:
            async with asyncio.timeout(self._timeout):
                await command(self._redis, *arguments)
        except _failures() as error:
            _log.warning("the identities in rooms cannot be written: %s", error)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            await self._attempt(self._presence.renew)

    async def _listen(self) -> None:
        pause = self._longest / 20
        while True:
            try:
                await self._connect()
                pause = self._longest / 20
                while True:
                    await self._take()
            except _failures() as error:
                _log.warning(
                    "the rooms are disconnected from other processes: next attempt in %.2f s", pause, exc_info=error
                )
            finally:
                await self._disconnect()
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._longest)

    async def _connect(self) -> None:
        """Subscribe to a private channel, so that the subscription is never empty, and to every room; report gaps."""
        assert self._redis is not None
        pubsub = self._listener.pubsub()
        self._pubsub, self._is_asked = pubsub, False
        async with asyncio.timeout(self._timeout):
            await pubsub.subscribe(f"{self._prefix}\0")
        async with self._lock:
            rooms = list(self._numbers)
            for room in rooms:  # before subscribing: messages sent in between show as a gap
                current: Any = await self._redis.get(self._prefix + room)
                self._compare(room, int(current or 0) + 1)
            if rooms:
                async with asyncio.timeout(self._timeout):
                    await pubsub.subscribe(*(self._prefix + room for room in rooms))

    async def _disconnect(self) -> None:
        pubsub, self._pubsub = self._pubsub, None
        if pubsub is not None:
            with contextlib.suppress(Exception):
                await pubsub.aclose()

    async def _take(self) -> None:
        assert self._pubsub is not None
        message: Any = await self._pubsub.get_message(timeout=self._timeout if self._is_asked else _SILENCE)
        if message is None:
            await self._ask()
            return
        self._is_asked = False
        if message["type"] == "pong":
            return
        room = message["channel"].decode().removeprefix(self._prefix)
        if message["type"] == "subscribe":
            confirmed = self._confirmed.get(room)
            if confirmed is not None:
                confirmed.set()
        elif message["type"] == "message" and room in self._numbers:
            number, exclude, text = message["data"].decode().split("|", 2)
            self._compare(room, int(number))
            self._numbers[room] = int(number)
            self._deliver(room, text, exclude)

    async def _ask(self) -> None:
        """Ping a silent server.

        Raises:
            TimeoutError: an earlier ping is unanswered.
        """
        if self._is_asked:
            raise TimeoutError("the server does not answer")
        self._is_asked = True
        async with asyncio.timeout(self._timeout):
            await self._pubsub.ping()

    def _compare(self, room: str, coming: int) -> None:
        """Report a gap before a number to members, and record the preceding number as the last."""
        last = self._numbers.get(room)
        if last is not None and coming != last + 1:  # smaller after a restart of the server or expiry of the room
            self._missed(room, max(0, coming - last - 1))
        self._numbers[room] = coming - 1


def _failures() -> tuple[type[Exception], ...]:
    """Return the errors of an unavailable server."""
    from redis import RedisError

    return RedisError, OSError, TimeoutError
