"""The repository in memory with many entities: the cost of one does not grow with the number of the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from vega.data import DuplicateEntityError, EntityMapping, InMemoryRepository


@dataclass(frozen=True)
class Member:
    email: str
    name: str = ""
    labels: list[str] = field(default_factory=list[str])
    id: int | None = None


EMAIL = EntityMapping(unique=("email", ("name", "labels")))


def members(count: int) -> list[Member]:
    return [Member(f"{number}@example.org", str(number)) for number in range(count)]


def test_upserts_of_many_are_linear() -> None:
    async def merged(count: int) -> float:
        stored = InMemoryRepository(Member, mapping=EMAIL)
        start = time.thread_time()
        first = await stored.upsert_many(members(count), on=("email",))
        again = await stored.upsert_many([replace(one, name=f"{one.name}b") for one in first], on=("email",))
        assert (len(first), len(again), await stored.count()) == (count, count, count)
        return time.thread_time() - start

    few, many = (min(asyncio.run(merged(count)) for _ in range(2)) for count in (200, 1600))

    assert many < 8 * 3 * few


def test_values_are_found_again_after_every_kind_of_change(run: Callable[..., Any]) -> None:
    async def body(stored: Any) -> None:
        ada, bob = await stored.add_many([Member("a"), Member("b", "Bob", ["x"])])
        with pytest.raises(DuplicateEntityError):
            await stored.add(Member("a", "other"))
        moved = await stored.save(replace(ada, email="c"))
        await stored.add(Member("a", "free again"))
        await stored.delete(bob.id)
        await stored.add(Member("b", "Bob", ["x"]))
        with pytest.raises(DuplicateEntityError):
            await stored.add_many([Member("d"), Member("c", "taken")])
        (merged,) = await stored.upsert_many([Member("c", "merged")], on=("email",))

        assert merged.id == moved.id
        assert sorted(one.email for one in await stored.find_all()) == ["a", "b", "c"]

    run(Member, body, mapping=EntityMapping(unique=("email",)))
