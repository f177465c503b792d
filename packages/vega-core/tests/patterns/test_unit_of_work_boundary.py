"""The boundary of a unit of work: failing begins and commits, nested units, work that is run again."""

from __future__ import annotations

import asyncio

import pytest

from vega.patterns import (
    UnitOfWork,
    current_unit,
)

from .recording_unit import Store, StoreError


def test_a_commit_that_fails_is_rolled_back_and_runs_no_callbacks() -> None:
    store, ran = Store("commit"), []

    async def main() -> None:
        async with store:
            store.after_commit(lambda: ran.append(1))

    with pytest.raises(StoreError):
        asyncio.run(main())

    assert (store.steps, ran, store.is_open) == (["begin", "commit", "rollback"], [], False)


def test_a_unit_that_cannot_begin_is_not_open() -> None:
    store = Store("begin")

    async def main() -> UnitOfWork | None:
        with pytest.raises(StoreError):
            await store.__aenter__()
        return current_unit()

    assert asyncio.run(main()) is None
    assert not store.is_open


def test_the_innermost_open_unit_is_current_and_knows_the_outer_one() -> None:
    async def main() -> None:
        outer, inner = Store(), Store()
        async with outer:
            async with inner.begin(read_only=True):
                assert (current_unit(), inner.outer, inner.is_read_only) == (inner, outer, True)
            assert (current_unit(), inner.outer, outer.is_read_only) == (outer, None, False)

    asyncio.run(main())


def test_a_unit_closed_elsewhere_is_not_current() -> None:
    async def main() -> None:
        store = Store()
        left, looked = asyncio.Event(), asyncio.Event()

        async def look() -> UnitOfWork | None:
            looked.set()
            await left.wait()
            return current_unit()

        async with store:
            task = asyncio.create_task(look())
            await looked.wait()
        left.set()
        assert await task is None

    asyncio.run(main())


@pytest.mark.parametrize(("retryable", "attempts"), [(True, 3), (False, 1)])
def test_work_is_run_again_only_for_errors_that_ask_for_it(retryable: bool, attempts: int) -> None:
    store, seen = Store(), []

    async def work() -> None:
        seen.append(1)
        raise StoreError(retryable=retryable)

    with pytest.raises(StoreError):
        asyncio.run(store.run(work, retry=2))

    assert store.steps == ["begin", "rollback"] * attempts
    assert len(seen) == attempts


def test_inside_an_open_unit_work_is_never_run_again_by_itself() -> None:
    store, seen = Store(), []

    async def work() -> None:
        seen.append(1)
        raise StoreError(retryable=True)

    async def main() -> None:
        async with store:
            await store.run(work, retry=5)

    with pytest.raises(StoreError):
        asyncio.run(main())

    assert (len(seen), store.steps) == (1, ["begin", "rollback"])
