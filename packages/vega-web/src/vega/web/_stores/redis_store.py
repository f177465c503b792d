"""A `Store` in Redis or Valkey, for any number of processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

from vega.core import StoreError, StoreUnavailableError

from .redis_client import CONNECTIONS, redis_client

if TYPE_CHECKING:  # behind the extra `redis`
    from redis.asyncio import Redis

T = TypeVar("T")
_SWAP: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""
_DELETE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end"
_INCREMENT: Final = """
local is_new = redis.call('EXISTS', KEYS[1]) == 0
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if is_new and ARGV[2] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return total
"""


@final
class RedisStore:
    """A store in Redis (5 and later) or Valkey; needs the extra `redis`.

    Every call ends within `timeout`. After a failed call, further calls fail immediately for `pause` seconds, so an
    unavailable server does not slow down requests.

    Args:
        url: such as `redis://localhost:6379/0` or `unix:///run/valkey.sock`.
        prefix: prepended to each key.
        timeout: seconds for a call, including connecting.
        pause: seconds between attempts while the server is unavailable.
        connections: the maximum number of open connections, per event loop; calls wait for a free connection.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "vega:",
        timeout: float = 0.5,
        pause: float = 0.25,
        connections: int = CONNECTIONS,
    ) -> None:
        if connections < 1:
            raise StoreError(f"connections={connections} admits no calls", "RedisStore", "give 1 or more")
        self._connections = connections
        self._url, self._prefix, self._timeout, self._pause = url, prefix, timeout, pause
        self._clients: dict[asyncio.AbstractEventLoop, Redis] = {}
        self._closed_until = 0.0

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key, or None if missing."""
        value: bytes | None = await self._call(key, lambda redis, name: redis.get(name))
        return value

    async def set(self, key: str, value: bytes, *, ttl: float | None) -> None:
        """Store a value, replacing any previous value."""
        await self._call(key, lambda redis, name: redis.set(name, value, px=_milliseconds(ttl)))

    async def add(self, key: str, value: bytes, *, ttl: float | None) -> bool:
        """Store a value unless the key exists; return whether the value was stored."""
        return bool(await self._call(key, lambda redis, name: redis.set(name, value, px=_milliseconds(ttl), nx=True)))

    async def swap(self, key: str, old: bytes, new: bytes, *, ttl: float | None) -> bool:
        """Replace the value if equal to `old`; return whether the value was replaced."""
        limit = _milliseconds(ttl) or ""
        return bool(await self._call(key, lambda redis, name: redis.eval(_SWAP, 1, name, old, new, limit)))

    async def delete(self, key: str, *, expected: bytes | None = None) -> bool:
        """Delete a key, if its value is the expected one; return whether a key was deleted."""
        if expected is None:
            return bool(await self._call(key, lambda redis, name: redis.delete(name)))
        return bool(await self._call(key, lambda redis, name: redis.eval(_DELETE, 1, name, expected)))

    async def increment(self, key: str, by: int = 1, *, ttl: float | None) -> int:
        """Add to a counter and return the new value."""
        limit = _milliseconds(ttl) or ""
        return int(await self._call(key, lambda redis, name: redis.eval(_INCREMENT, 1, name, by, limit)))

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        redis = self._clients.pop(asyncio.get_running_loop(), None)
        if redis is not None:
            await redis.aclose()

    async def _call(self, key: str, command: Callable[[Any, str], Awaitable[Any]]) -> Any:
        from redis import RedisError, ResponseError

        if not key:
            raise StoreError(f"{key!r} is not a key", "the store", "give a text that is not empty")
        if time.monotonic() < self._closed_until:
            raise self._unavailable()
        try:
            async with asyncio.timeout(self._timeout):
                return await command(self._client(), self._prefix + key)
        except ResponseError as error:
            raise StoreError(f"the store refused: {error}", key, "use a separate key for the counter") from error
        except (RedisError, OSError, TimeoutError) as error:
            self._closed_until = time.monotonic() + self._pause
            raise self._unavailable() from error

    def _client(self) -> Redis:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            for old in [client_loop for client_loop in self._clients if client_loop.is_closed()]:
                del self._clients[old]
            self._clients[loop] = redis_client(self._url, timeout=self._timeout, connections=self._connections)
        return self._clients[loop]

    def _unavailable(self) -> StoreUnavailableError:
        return StoreUnavailableError("the store cannot be reached", "Redis", "check the server at REDIS_URL")


def _milliseconds(ttl: float | None) -> int | None:
    if ttl is None:
        return None
    if not 0 < ttl < 10**10:
        raise StoreError(f"the ttl is {ttl}", "the store", "give seconds above 0, or None for no expiry")
    return max(1, int(ttl * 1000))
