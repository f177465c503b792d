"""A store in the memory of a process, bounded in number and bytes."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from threading import Lock
from typing import NamedTuple, final

from ._errors import StoreError

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_OVERHEAD = 450  # bytes per entry besides key and value: measured with tracemalloc on CPython 3.11, rounded up


class _Entry(NamedTuple):
    value: bytes
    deadline: float  # on the store's clock; infinite without a ttl


@final
class MemoryStore:
    """A `Store` for a single process, shared by threads and event loops.

    The store never exceeds its bounds: expired values are evicted first, then the least recently used. Choose bounds
    large enough that keys in use are not evicted.

    Args:
        max_keys: the maximum number of values; at least 1.
        max_bytes: the maximum memory for keys and values, in bytes, plus 450 for each entry; at least 1.
        clock: returns the time in seconds, never decreasing.

    Raises:
        StoreError: a bound is below 1; or, on a write, a single value exceeds `max_bytes`.

    >>> import asyncio
    >>> async def main() -> list[bool]:
    ...     store = MemoryStore()
    ...     return [await store.add("idempotency:42", b"me", ttl=60) for _ in range(2)]
    >>> asyncio.run(main())
    [True, False]
    """

    __slots__ = ("_bytes", "_clock", "_deadlines", "_entries", "_lock", "_max_bytes", "_max_keys")

    def __init__(
        self,
        *,
        max_keys: int = 100_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, bound in (("max_keys", max_keys), ("max_bytes", max_bytes)):
            if bound < 1:
                raise StoreError(f"{name} is {bound}", "MemoryStore", "give at least 1")
        self._max_keys, self._max_bytes, self._clock = max_keys, max_bytes, clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._deadlines: list[tuple[float, str]] = []  # a heap; may contain outdated entries
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Return the number of stored values, including expired values not yet evicted."""
        return len(self._entries)

    async def get(self, key: str) -> bytes | None:
        """Return a value, or None when absent."""
        _check_key(key)
        with self._lock:
            entry = self._current(key)
            return entry.value if entry is not None else None

    async def set(self, key: str, value: bytes, *, ttl: float | None) -> None:
        """Store a value, replacing any other."""
        _check(key, value, ttl)
        with self._lock:
            self._keep(key, value, self._deadline(ttl))

    async def add(self, key: str, value: bytes, *, ttl: float | None) -> bool:
        """Store a value if the key is absent; return whether it was stored."""
        _check(key, value, ttl)
        with self._lock:
            if self._current(key) is not None:
                return False
            self._keep(key, value, self._deadline(ttl))
            return True

    async def swap(self, key: str, old: bytes, new: bytes, *, ttl: float | None) -> bool:
        """Replace a value if it equals `old`; return whether it did."""
        _check(key, new, ttl)
        with self._lock:
            entry = self._current(key)
            if entry is None or entry.value != old:
                return False
            self._keep(key, new, self._deadline(ttl))
            return True

    async def delete(self, key: str, *, expected: bytes | None = None) -> bool:
        """Delete a value, if it is the expected one; return whether it was deleted."""
        _check_key(key)
        with self._lock:
            entry = self._current(key)
            if entry is None or (expected is not None and entry.value != expected):
                return False
            self._drop(key)
            return True

    async def increment(self, key: str, by: int = 1, *, ttl: float | None) -> int:
        """Add to a counter and return the new value."""
        _check(key, b"", ttl)
        with self._lock:
            entry = self._current(key)
            total = by + (_number(key, entry.value) if entry is not None else 0)
            if not _LOWEST <= total <= _HIGHEST:
                raise StoreError(f"the counter would be {total}", key, "keep it within 64 bits")
            self._keep(key, b"%d" % total, entry.deadline if entry is not None else self._deadline(ttl))
            return total

    def _deadline(self, ttl: float | None) -> float:
        return math.inf if ttl is None else self._clock() + ttl

    def _current(self, key: str) -> _Entry | None:
        """Return the entry of a key, marked as most recently used; None if absent or expired."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.deadline <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def _keep(self, key: str, value: bytes, deadline: float) -> None:
        size = _size(key, value)
        if size > self._max_bytes:
            raise StoreError(f"a value of {len(value)} bytes is larger than the store", key, "raise max_bytes")
        before = self._entries.get(key)
        if before is not None:
            self._drop(key)
        self._entries[key] = _Entry(value, deadline)
        self._bytes += size
        if deadline != math.inf and (before is None or before.deadline != deadline):
            heappush(self._deadlines, (deadline, key))
        self._tidy()

    def _drop(self, key: str) -> None:
        self._bytes -= _size(key, self._entries.pop(key).value)

    def _tidy(self) -> None:
        """Evict expired entries, then the least recently used, until the bounds hold."""
        now = self._clock()
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, key = heappop(self._deadlines)
            entry = self._entries.get(key)
            if entry is not None and entry.deadline == deadline:
                self._drop(key)
        while len(self._entries) > self._max_keys or self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))
        if len(self._deadlines) > 2 * len(self._entries) + 64:  # mostly outdated entries
            self._deadlines = [(e.deadline, key) for key, e in self._entries.items() if e.deadline != math.inf]
            heapify(self._deadlines)


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _OVERHEAD


def _number(key: str, value: bytes) -> int:
    try:
        number = int(value)
    except ValueError:
        number = None
    if number is None or value != b"%d" % number:
        raise StoreError("the value is not a counter", key, "use a separate key for the counter")
    return number


def _check(key: str, value: object, ttl: float | None) -> None:
    _check_key(key)
    if not isinstance(value, bytes):
        raise StoreError(f"the value is a {type(value).__name__}", key, "give bytes")
    if ttl is not None and not 0 < ttl < math.inf:
        raise StoreError(f"the ttl is {ttl}", key, "give seconds above 0, or None to keep it")


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not key:
        raise StoreError(f"{key!r} is not a key", "the store", "give a text that is not empty")
