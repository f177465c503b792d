"""The one contract for state that the edges share: rate limits, idempotency keys, rooms."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Store(Protocol):
    """Small values under keys, each for a limited time; every method is one atomic step.

    `MemoryStore` keeps them in this process. With several processes, use one that they all reach.
    Keys are non-empty texts; say whose they are by a prefix, such as `rate:` or `idempotency:`. Values are
    bytes. A `ttl` is in seconds, positive and finite; None keeps the value until it is deleted. A value whose
    time is over is absent in every respect.

    Raises:
        StoreError: a key, value or ttl is none; or `increment` meets a value that is no number.
        StoreUnavailableError: the store cannot be reached in time.
    """

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when it is absent; a counter reads as its digits, `b"42"`."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None) -> None:
        """Keep a value, whatever was there; its time starts anew."""
        ...

    async def add(self, key: str, value: bytes, *, ttl: float | None) -> bool:
        """Keep a value where there is none; tell whether it was kept.

        Of any number of callers at once, one gets True: a claim. Its value names the owner.
        """
        ...

    async def swap(self, key: str, old: bytes, new: bytes, *, ttl: float | None) -> bool:
        """Replace the value if it is `old`; tell whether it was. The new one's time starts anew.

        By it the owner of a claim renews or fulfils it, and one whose claim has run out cannot.
        """
        ...

    async def delete(self, key: str, *, expected: bytes | None = None) -> bool:
        """Take a value away, if it is the expected one (None: any); tell whether one was taken."""
        ...

    async def increment(self, key: str, by: int = 1, *, ttl: float | None) -> int:
        """Add to a counter and return its new value; an absent one counts from 0.

        Args:
            key: the counter.
            by: may be negative; from -2**63 to 2**63 - 1, as must be the result.
            ttl: of the counter this call makes; one that is there keeps the time it has.
        """
        ...
