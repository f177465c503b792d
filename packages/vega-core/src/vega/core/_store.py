"""The contract of shared state at the edges: rate limits, idempotency keys, rooms."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Store(Protocol):
    """Small values under keys, with a time to live; every method is atomic.

    `MemoryStore` keeps values in the process; several processes need a store that all can reach. Keys are non-empty
    texts, with a prefix for the purpose, such as `rate:` or `idempotency:`. Values are bytes. A `ttl` is in seconds,
    positive and finite; None keeps the value until deletion. An expired value is absent for every method.

    Raises:
        StoreError: a key, value or ttl is invalid, or `increment` meets a value that is not a number.
        StoreUnavailableError: the store cannot be reached in time.
    """

    async def get(self, key: str) -> bytes | None:
        """Return a value, or None when absent; a counter reads as its digits, `b"42"`."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None) -> None:
        """Store a value, replacing any other; the ttl starts again."""
        ...

    async def add(self, key: str, value: bytes, *, ttl: float | None) -> bool:
        """Store a value if the key is absent; return whether it was stored.

        Of concurrent callers exactly one gets True: a claim. The value names the owner.
        """
        ...

    async def swap(self, key: str, old: bytes, new: bytes, *, ttl: float | None) -> bool:
        """Replace a value if it equals `old`; return whether it did. The ttl starts again.

        The owner of a claim renews or fulfils the claim this way; after its expiry the call returns False.
        """
        ...

    async def delete(self, key: str, *, expected: bytes | None = None) -> bool:
        """Delete a value, if it is the expected one (None: any); return whether it was deleted."""
        ...

    async def increment(self, key: str, by: int = 1, *, ttl: float | None) -> int:
        """Add to a counter and return the new value; an absent counter starts at 0.

        Args:
            key: the counter.
            by: the amount, possibly negative; from -2**63 to 2**63 - 1, like the result.
            ttl: the ttl of a new counter; an existing counter keeps its own.
        """
        ...
