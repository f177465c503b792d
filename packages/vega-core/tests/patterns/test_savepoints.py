"""Savepoints: opened, released, undone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from vega.patterns import (
    AggregateRoot,
    current_unit,
)

from .recording_unit import Store, StoreError


@dataclass
class Order(AggregateRoot):
    id: int


def test_a_savepoint_that_cannot_open_leaves_the_unit_as_it_was() -> None:
    store = Store("savepoint")

    async def main() -> None:
        async with store:
            with pytest.raises(StoreError):
                await store.begin(savepoint=True).__aenter__()
            assert current_unit() is store

    asyncio.run(main())

    assert store.steps == ["begin", "savepoint", "commit"]


def test_a_savepoint_that_succeeds_is_released_and_keeps_what_it_holds() -> None:
    store, ran = Store(), []

    async def main() -> None:
        async with store, store.begin(savepoint=True):
            store.after_commit(lambda: ran.append(1))

    asyncio.run(main())

    assert (store.steps, ran) == (["begin", "savepoint", "release", "commit"], [1])


def test_a_savepoint_without_an_open_unit_is_the_unit_itself() -> None:
    store = Store()

    async def main() -> None:
        async with store.begin(savepoint=True):
            pass

    asyncio.run(main())

    assert store.steps == ["begin", "commit"]


def test_an_undone_savepoint_drops_the_events_and_callbacks_of_its_inside_only() -> None:
    store, ran = Store(), []
    before, inside = Order(1), Order(2)

    async def main() -> None:
        async with store:
            before.record("kept")
            store.collect(before, "no aggregate")
            store.after_commit(lambda: ran.append("kept"))
            with pytest.raises(LookupError):  # noqa: PT012 - the block is the savepoint
                async with store.begin(savepoint=True):
                    inside.record("dropped")
                    store.collect(inside)
                    store.after_commit(lambda: ran.append("dropped"))
                    raise LookupError
            assert before.pull_events() == ("kept",)

    asyncio.run(main())

    assert store.steps == ["begin", "savepoint", "undo", "commit"]
    assert (ran, inside.pull_events()) == (["kept"], ())
