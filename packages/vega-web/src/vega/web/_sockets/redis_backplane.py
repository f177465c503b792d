"""Rooms over Redis or Valkey: one subscriber a process, numbers that show what was missed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Final, final

from .._errors import BackplaneError
from .._stores.redis_client import redis_client
from .rooms import Deliver, Missed

_log = logging.getLogger("vega.web")
_PUBLISH: Final = """
local number = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[1], number .. '|' .. ARGV[1])
return number
"""
_REMEMBERED: Final = 3600  # seconds for which the number of a silent room is kept


@final
class RedisBackplane:
    """Carries the messages of rooms over Redis (5 and later) or Valkey; needs the extra `redis`.

    Messages of a room are numbered. Where numbers are missing, since the connection broke or the server began anew,
    its members are told `{"type": "gap", "room": ..., "missed": n}` (0 where nobody knows how many).

    Args:
        url: such as `redis://localhost:6379/0` or `unix:///run/valkey.sock`.
        prefix: put before the name of each room.
        timeout: seconds for one command.
        longest_pause: seconds between attempts to connect again; they begin at a twentieth.
    """

    def __init__(
        self, url: str, *, prefix: str = "vega:room:", timeout: float = 1.0, longest_pause: float = 1.0
    ) -> None:
        self._url, self._prefix, self._timeout, self._longest = url, prefix, timeout, longest_pause
        self._numbers: dict[str, int | None] = {}  # the last number of each room that is followed
        self._confirmed: dict[str, asyncio.Event] = {}
        self._redis: Any = None  # a redis.asyncio.Redis and its PubSub, which are typed in part
        self._pubsub: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, deliver: Deliver, missed: Missed) -> None:
        """Begin to listen; the server may be reached later."""
        self._redis = redis_client(self._url, timeout=self._timeout)
        self._deliver, self._missed = deliver, missed
        self._lock = asyncio.Lock()
        self._task = asyncio.create_task(self._listen(), name="vega-web rooms")

    async def stop(self) -> None:
        """End the subscription and close the connections."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._redis is not None:
            await self._redis.aclose()

    async def follow(self, room: str) -> None:
        """Subscribe to a room and wait for the confirmation; without a connection, when there is one again."""
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
        from redis import RedisError

        async with self._lock:
            is_wanted = room in self._numbers
            if self._pubsub is None or is_wanted != (name == "subscribe"):
                return  # whoever came in between has changed it, or the listener does all when it connects
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                await getattr(self._pubsub, name)(self._prefix + room)

    async def publish(self, room: str, text: str, exclude: str) -> None:
        """Publish a text under the next number of its room.

        Raises:
            BackplaneError: the server cannot be reached; the members in this process were told.
        """
        from redis import RedisError

        assert self._redis is not None, "the application has not started"
        try:
            async with asyncio.timeout(self._timeout):
                await self._redis.eval(_PUBLISH, 1, self._prefix + room, f"{exclude}|{text}", str(_REMEMBERED))
        except (RedisError, OSError, TimeoutError) as error:
            self._deliver(room, text, exclude)
            raise BackplaneError(
                "other processes cannot be told", f"the room {room}", "see to the server behind REDIS_URL"
            ) from error

    async def _listen(self) -> None:
        from redis import RedisError

        pause = self._longest / 20
        while True:
            try:
                await self._connect()
                pause = self._longest / 20
                while True:
                    await self._take()
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("the rooms are not connected to others: next attempt in %.2f s", pause, exc_info=error)
            finally:
                await self._disconnect()
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._longest)

    async def _connect(self) -> None:
        """Subscribe to a channel of our own, so that there is always one, and to every room; see what was missed."""
        assert self._redis is not None
        pubsub = self._redis.pubsub()
        self._pubsub = pubsub
        await pubsub.subscribe(f"{self._prefix}\0")
        async with self._lock:
            rooms = list(self._numbers)
            for room in rooms:  # before the subscription: what comes in between shows by its number
                current: Any = await self._redis.get(self._prefix + room)
                self._compare(room, int(current or 0) + 1)
            if rooms:
                await pubsub.subscribe(*(self._prefix + room for room in rooms))

    async def _disconnect(self) -> None:
        pubsub, self._pubsub = self._pubsub, None
        if pubsub is not None:
            with contextlib.suppress(Exception):
                await pubsub.aclose()

    async def _take(self) -> None:
        assert self._pubsub is not None
        message: Any = await self._pubsub.get_message(timeout=None)
        if message is None:
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

    def _compare(self, room: str, coming: int) -> None:
        """Tell members what was missed before a number; the number before it is then the last."""
        last = self._numbers.get(room)
        if last is not None and coming != last + 1:  # a smaller one: the server, or the room, was forgotten
            self._missed(room, max(0, coming - last - 1))
        self._numbers[room] = coming - 1
