"""Identities in rooms over Redis or Valkey, counted in the server, with leases that expire with their process.

Each room has three keys: the expiry of each member's lease (a sorted set), the identity of each member, and the number
of members of each identity (hashes). The next process to access a room removes members with expired leases and
announces the identities that have left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, final

from .._problems.finite import write_json

_COMMON: Final = """
local room, leases, who, counts = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local kept, name = ARGV[1], ARGV[2]
local function announce(kind, identity)
  local text = '{"type":"' .. kind .. '","room":' .. name .. ',"identity":' .. cjson.encode(identity) .. '}'
  local number = redis.call('INCR', room)
  redis.call('EXPIRE', room, kept)
  redis.call('PUBLISH', room, number .. '||' .. text)
end
local function exit(member)
  redis.call('ZREM', leases, member)
  local identity = redis.call('HGET', who, member)
  if not identity then return end
  redis.call('HDEL', who, member)
  if redis.call('HINCRBY', counts, identity, -1) < 1 then
    redis.call('HDEL', counts, identity)
    announce('leave', identity)
  end
end
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', '(' .. now)) do exit(member) end
"""
_ENTER: Final = (
    _COMMON
    + """
local lease = tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  local member, identity = ARGV[i], ARGV[i + 1]
  redis.call('ZADD', leases, now + lease, member)
  if redis.call('HSETNX', who, member, identity) == 1 and redis.call('HINCRBY', counts, identity, 1) == 1 then
    announce('join', identity)
  end
end
for _, key in ipairs({leases, who, counts}) do redis.call('PEXPIRE', key, lease * 10) end
"""
)
_EXIT: Final = _COMMON + "for i = 3, #ARGV do exit(ARGV[i]) end"
_WHO: Final = _COMMON + "return redis.call('HKEYS', counts)"
_AT_ONCE: Final = 500  # members per command


@final
class RedisPresence:
    """The identities of this process's members in rooms.

    Args:
        prefix: prepended to the name of each room.
        kept: seconds for which the number of an inactive room is stored.
        lease: seconds until a member expires without `renew`.
    """

    def __init__(self, prefix: str, *, kept: int, lease: float) -> None:
        self._prefix, self._kept, self._lease = prefix, str(kept), str(int(lease * 1000))
        self._members: dict[str, dict[str, str]] = {}  # room -> member -> identity

    async def enter(self, redis: Any, room: str, member: str, identity: str) -> None:
        """Add a member, renewed by each `renew`."""
        self._members.setdefault(room, {})[member] = identity
        await self._enter(redis, room, {member: identity})

    async def exit(self, redis: Any, room: str, *members: str) -> None:
        """Remove members."""
        present = self._members.get(room, {})
        for member in members:
            present.pop(member, None)
        if not present:
            self._members.pop(room, None)
        await self._run(redis, _EXIT, room, members)

    async def exit_all(self, redis: Any) -> None:
        """Remove all members of this process."""
        for room, members in list(self._members.items()):
            await self.exit(redis, room, *members)

    async def renew(self, redis: Any) -> None:
        """Renew the leases of all members; a member lost by the server enters again."""
        for room, members in list(self._members.items()):
            entries = list(members.items())
            for i in range(0, len(entries), _AT_ONCE):
                await self._enter(redis, room, dict(entries[i : i + _AT_ONCE]))

    async def identities(self, redis: Any, room: str) -> list[str]:
        """Return the identities in a room, sorted."""
        names: list[bytes] = await self._run(redis, _WHO, room, ())
        return sorted(name.decode() for name in names)

    async def _enter(self, redis: Any, room: str, members: Mapping[str, str]) -> None:
        pairs = [text for pair in members.items() for text in pair]
        await self._run(redis, _ENTER, room, (self._lease, *pairs))

    async def _run(self, redis: Any, script: str, room: str, arguments: Iterable[str]) -> Any:
        key = self._prefix + room
        keys = (key, f"{key}\0leases", f"{key}\0who", f"{key}\0counts")
        return await redis.eval(script, len(keys), *keys, self._kept, write_json(room), *arguments)
