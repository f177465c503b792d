"""The unit of work where something fails on the way, and where units meet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from vega.di import Container, Scope, get_container, set_container
from vega.patterns import (
    AggregateRoot,
    Interactor,
    InvalidUseCaseError,
    UnitOfWork,
    UnitOfWorkError,
    current_unit,
    transactional,
)


class StoreError(Exception):
    def __init__(self, *, retryable: bool = False) -> None:
        super().__init__("the store failed")
        self.retryable = retryable


class Store(UnitOfWork):
    """Notes what it is told, and fails where it is told to."""

    def __init__(self, fails: str = "") -> None:
        super().__init__()
        self.steps: list[str] = []
        self.fails = fails

    def note(self, step: str) -> None:
        self.steps.append(step)
        if step == self.fails:
            raise StoreError

    async def _begin(self, *, read_only: bool) -> None:
        self.note("begin")

    async def _commit(self) -> None:
        self.note("commit")

    async def _rollback(self) -> None:
        self.note("rollback")

    async def _open_savepoint(self) -> None:
        self.note("savepoint")

    async def _release_savepoint(self, savepoint: Any) -> None:
        self.note("release")

    async def _undo_savepoint(self, savepoint: Any) -> None:
        self.note("undo")


@dataclass
class Order(AggregateRoot):
    id: int


@pytest.fixture
def made() -> Iterator[list[Store]]:
    """The units that the container makes; a fresh container stands for the test alone."""
    before, stores = get_container(), []
    container = Container()

    def make() -> Store:
        stores.append(Store())
        return stores[-1]

    container.register_factory(UnitOfWork, make, scope=Scope.SCOPED, enter=False)
    set_container(container)
    yield stores
    set_container(before)


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


def test_transactional_work_joins_the_scope_that_is_open(made: list[Store]) -> None:
    @transactional
    async def work() -> UnitOfWork | None:
        return current_unit()

    async def main() -> None:
        async with get_container().scope():
            assert await work() is await work()
        await work()

    asyncio.run(main())

    assert [store.steps for store in made] == [["begin", "commit"] * 2, ["begin", "commit"]]


def test_transactional_takes_a_method_a_class_and_options(made: list[Store]) -> None:
    class Desk:
        @transactional(retry=1, read_only=True)
        async def read(self, number: int) -> tuple[int, bool]:
            unit = current_unit()
            return number, unit is not None and unit.is_read_only

    @transactional(retry=1)
    class Work(Interactor[bool]):
        async def call(self) -> bool:
            return current_unit() is made[-1]

    async def main() -> bool:
        return await Work()

    assert asyncio.run(Desk().read(number=5)) == (5, True)
    assert asyncio.run(main())


def test_only_what_is_async_is_transactional() -> None:
    with pytest.raises(InvalidUseCaseError, match="write async def"):
        transactional(lambda: None)  # type: ignore[arg-type, return-value] # the mistake under test


@pytest.mark.parametrize("retry", [-1, True, 1.5, None])
def test_a_number_of_retries_is_a_whole_number_from_nought(retry: Any) -> None:
    async def work() -> None: ...

    with pytest.raises(UnitOfWorkError, match="retry is"):
        transactional(retry=retry)(work)
