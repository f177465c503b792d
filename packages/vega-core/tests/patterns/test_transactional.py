"""Work under `@transactional` runs in the unit of the ambient scope."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from vega.di import Container, Scope, get_container, set_container
from vega.patterns import (
    Interactor,
    InvalidUseCaseError,
    UnitOfWork,
    UnitOfWorkError,
    current_unit,
    transactional,
)

from .recording_unit import Store


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
