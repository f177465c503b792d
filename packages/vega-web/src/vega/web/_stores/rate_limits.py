"""Rate limits: sliding window, fixed window, token bucket. The caller supplies the clock."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from random import random
from typing import Literal, TypeAlias, final

from vega.core import Store, StoreError

from .._errors import WebError
from .uninterrupted import uninterrupted

Algorithm: TypeAlias = Literal["sliding", "fixed", "bucket"]
_ATTEMPTS = 64


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number of requests per time.

    Args:
        rate: requests; at least 1.
        per: seconds; above 0.
        algorithm: `sliding` adds the previous window, weighted by the part still inside the period (Cloudflare, "How we
            built rate limiting capable of scaling to millions of domains", 2017); `fixed` starts a new count with each
            window; `bucket` lets `burst` requests pass at once and then one every `per / rate` seconds (GCRA, ITU-T
            I.371).
        burst: the size of a bucket; `rate` when None.
        name: distinguishes limits; consists of letters, digits, `-` and `_`.

    Raises:
        WebError: a value is out of range.
    """

    rate: int
    per: float
    algorithm: Algorithm = "sliding"
    burst: int | None = None
    name: str = "default"

    def __post_init__(self) -> None:
        if self.rate < 1 or not 0 < self.per < math.inf or (self.burst is not None and self.burst < 1):
            raise WebError(
                f"{self!r} admits no requests", "a Limit", "give a rate and burst of at least 1, and per above 0"
            )
        if not self.name.replace("-", "").replace("_", "").isalnum() or not self.name.isascii():
            raise WebError(f"{self.name!r} is not a name", "a Limit", "give a word of letters, digits, - and _")

    @property
    def quota(self) -> int:
        """The number of requests that may pass at once."""
        return self.burst or self.rate if self.algorithm == "bucket" else self.rate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision of a limit about a request.

    Attributes:
        limit: the limit.
        is_allowed: whether the request may pass.
        remaining: the number of further requests that may pass now.
        reset: seconds until the full quota is available again.
        retry_after: seconds until the next request may pass; 0 if a request may pass now.
        place: the key of the count in the store.
    """

    limit: Limit
    is_allowed: bool
    remaining: int
    reset: float
    retry_after: float = 0.0
    place: str


async def take_all(store: Store, limits: Sequence[Limit], key: str, now: float) -> list[Verdict]:
    """Count a request against all limits, or against none if a limit refuses the request.

    Args:
        store: as in `take`.
        limits: with distinct names.
        key: as in `take`.
        now: as in `take`.

    Raises:
        StoreUnavailableError: the store cannot be reached.
    """
    verdicts: list[Verdict] = []
    try:
        for limit in limits:
            verdicts.append(await take(store, limit, key, now))  # noqa: PERF401 - the handler below needs the partial list
    except BaseException:  # includes cancellation
        with suppress(StoreError):
            await uninterrupted(give_back(store, verdicts, now))
        raise
    if all(verdict.is_allowed for verdict in verdicts):
        return verdicts
    await uninterrupted(give_back(store, verdicts, now))
    return [
        replace(verdict, remaining=verdict.remaining + 1) if verdict.is_allowed else verdict for verdict in verdicts
    ]


async def give_back(store: Store, verdicts: Sequence[Verdict], now: float) -> None:
    """Undo the count of a request, if counted.

    Raises:
        StoreUnavailableError: the store cannot be reached.
    """
    for verdict in verdicts:
        if verdict.is_allowed:
            if verdict.limit.algorithm == "bucket":
                await _give_back_to_bucket(store, verdict, now)
            else:
                await store.increment(verdict.place, -1, ttl=verdict.limit.per * 2 + 1)


async def take(store: Store, limit: Limit, key: str, now: float) -> Verdict:
    """Count a request.

    Args:
        store: keeps the counts; processes with the same store share the limit.
        limit: the limit to apply.
        key: identifies the sender.
        now: seconds since the epoch, from a clock common to all users of the store.

    Raises:
        StoreUnavailableError: the store cannot be reached.
    """
    place = f"rate:{limit.name}:{key}"
    if limit.algorithm == "bucket":
        return await _take_bucket(store, limit, place, now)
    return await _take_window(store, limit, place, now)


async def _take_window(store: Store, limit: Limit, place: str, now: float) -> Verdict:
    number, elapsed = divmod(now, limit.per)
    window = f"{place}:{number:.0f}"
    count = await store.increment(window, ttl=limit.per * 2 + 1)
    before = 0
    if limit.algorithm == "sliding":
        before = int(await store.get(f"{place}:{number - 1:.0f}") or 0)
    weighed = count + before * (1 - elapsed / limit.per)
    rest = limit.per - elapsed
    if weighed <= limit.rate:
        remaining = int(limit.rate - weighed)
        return Verdict(limit=limit, is_allowed=True, remaining=remaining, reset=rest, place=window)
    await store.increment(window, -1, ttl=limit.per * 2 + 1)  # a refused request does not count
    if limit.algorithm == "fixed":
        wait = rest
    elif count <= limit.rate:  # the previous window must fade until one request fits
        wait = limit.per * (1 - (limit.rate - count) / before) - elapsed
    else:  # the current window must fade as well, once it is the previous one
        wait = rest + limit.per * (1 - (limit.rate - 1) / (count - 1))
    wait = max(wait, 0.001)
    return Verdict(limit=limit, is_allowed=False, remaining=0, reset=rest, retry_after=wait, place=window)


async def _take_bucket(store: Store, limit: Limit, place: str, now: float) -> Verdict:
    """Count by the theoretical arrival time: the time at which the bucket is full again."""
    interval = limit.per / limit.rate
    depth = interval * limit.quota
    for attempt in range(_ATTEMPTS):
        if attempt:  # lost a race: pause longer with each attempt
            await asyncio.sleep(random() * 0.001 * attempt)
        old = await store.get(place)
        full = max(float(old), now) if old is not None else now
        after = full + interval
        if after - now > depth * (1 + 1e-9):
            wait = after - now - depth
            reset = full - now
            return Verdict(limit=limit, is_allowed=False, remaining=0, reset=reset, retry_after=wait, place=place)
        new, ttl = repr(after).encode("ascii"), after - now + 1
        is_kept = await (store.add(place, new, ttl=ttl) if old is None else store.swap(place, old, new, ttl=ttl))
        if is_kept:
            remaining = int((depth - (after - now)) / interval + 1e-6)
            return Verdict(limit=limit, is_allowed=True, remaining=remaining, reset=after - now, place=place)
    return Verdict(limit=limit, is_allowed=False, remaining=0, reset=depth, retry_after=interval, place=place)


async def _give_back_to_bucket(store: Store, verdict: Verdict, now: float) -> None:
    interval = verdict.limit.per / verdict.limit.rate
    for attempt in range(_ATTEMPTS):
        if attempt:
            await asyncio.sleep(random() * 0.001 * attempt)
        old = await store.get(verdict.place)
        if old is None:  # the bucket is full
            return
        full = float(old) - interval
        if await store.swap(verdict.place, old, repr(full).encode("ascii"), ttl=max(full - now, 0) + 1):
            return
