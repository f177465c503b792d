"""The unit of work: one commit for what belongs together, and what follows waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from vega.di import Container, Scope, get_container, set_container
from vega.events import Event, EventBus, get_event_bus, set_event_bus
from vega.patterns import (
    AfterCommitErrors,
    AggregateRoot,
    Interactor,
    TriggerError,
    UnitOfWork,
    UnitOfWorkError,
    current_unit,
    transactional,
    trigger,
)

steps: list[str] = []


class Recorded(UnitOfWork):
    async def _begin(self, *, read_only: bool) -> None:
        steps.append("begin read" if read_only else "begin")

    async def _commit(self) -> None:
        steps.append("commit")

    async def _rollback(self) -> None:
        steps.append("rollback")

    async def _open_savepoint(self) -> str:
        steps.append("savepoint")
        return "s"

    async def _release_savepoint(self, savepoint: str) -> None:
        steps.append("release")

    async def _undo_savepoint(self, savepoint: str) -> None:
        steps.append("undo")


class BrokenError(Exception): ...


class DeadlockError(Exception):
    retryable = True


@dataclass(frozen=True)
class UserCreated(Event):
    user_id: int
    name: str


@dataclass
class User(AggregateRoot):
    id: int
    name: str


@pytest.fixture(autouse=True)
def fresh() -> Iterator[list[Any]]:
    container, bus = get_container(), get_event_bus()
    steps.clear()
    made, published = Container(), EventBus()
    made.register_factory(UnitOfWork, lambda _: Recorded(), scope=Scope.SCOPED, enter=False)
    set_container(made)
    set_event_bus(published)
    seen: list[Any] = []
    published.subscribe(UserCreated, lambda event: seen.append((event.user_id, event.name)))
    yield seen
    set_container(container)
    set_event_bus(bus)


def test_a_unit_commits_at_its_end_and_rolls_back_on_an_error() -> None:
    async def main() -> None:
        async with Recorded():
            steps.append("work")
        with pytest.raises(ValueError, match="no"):
            async with Recorded():
                raise ValueError("no")

    asyncio.run(main())

    assert steps == ["begin", "work", "commit", "begin", "rollback"]


def test_inner_units_join_and_only_the_outermost_commits() -> None:
    async def main() -> None:
        async with Recorded() as unit:
            async with unit:
                assert current_unit() is unit
            assert steps == ["begin"]
        assert current_unit() is None

    asyncio.run(main())

    assert steps == ["begin", "commit"]


def test_an_inner_failure_that_is_caught_outside_undoes_the_whole() -> None:
    async def inner(unit: UnitOfWork) -> None:
        async with unit:
            raise BrokenError

    async def main() -> None:
        async with Recorded() as unit:
            with pytest.raises(BrokenError):
                await inner(unit)

    with pytest.raises(UnitOfWorkError, match="something inside it failed"):
        asyncio.run(main())
    assert steps == ["begin", "rollback"]


def test_a_savepoint_undoes_only_what_is_inside() -> None:
    called: list[str] = []

    async def main() -> None:
        async with Recorded() as unit:
            unit.after_commit(lambda: called.append("outer"))
            with pytest.raises(BrokenError):  # noqa: PT012 - the block is the unit
                async with unit.begin(savepoint=True):
                    unit.after_commit(lambda: called.append("inner"))
                    raise BrokenError

    asyncio.run(main())

    assert steps == ["begin", "savepoint", "undo", "commit"]
    assert called == ["outer"]


def test_a_unit_that_writes_does_not_join_one_that_reads() -> None:
    async def main() -> None:
        unit = Recorded()
        async with unit.begin(read_only=True), unit:
            pass

    with pytest.raises(UnitOfWorkError, match="read-only"):
        asyncio.run(main())


def test_callbacks_run_after_the_commit_outside_the_unit_and_are_dropped_on_rollback() -> None:
    async def late() -> None:
        steps.append(f"late {current_unit()}")

    async def main() -> None:
        async with Recorded() as unit:
            unit.after_commit(late)
        with pytest.raises(BrokenError):  # noqa: PT012 - the block is the unit
            async with Recorded() as unit:
                unit.after_commit(late)
                raise BrokenError

    asyncio.run(main())

    assert steps == ["begin", "commit", "late None", "begin", "rollback"]


def test_failing_callbacks_arrive_together_after_all_have_run() -> None:
    def fail() -> None:
        raise ValueError("callback")

    async def main() -> None:
        async with Recorded() as unit:
            unit.after_commit(fail)
            unit.after_commit(lambda: steps.append("second"))

    with pytest.raises(AfterCommitErrors):
        asyncio.run(main())
    assert steps == ["begin", "commit", "second"]


def test_a_unit_marked_for_rollback_rolls_back_without_an_error() -> None:
    async def main() -> None:
        async with Recorded() as unit:
            unit.mark_rollback()

    asyncio.run(main())

    assert steps == ["begin", "rollback"]


@pytest.mark.parametrize(
    "use", [lambda unit: unit.after_commit(print), lambda unit: unit.collect(User(1, "Ada")), Recorded.mark_rollback]
)
@pytest.mark.parametrize("was_open", [False, True])
def test_a_unit_that_is_not_open_refuses_use(use: Callable[[Recorded], object], was_open: bool) -> None:
    async def main() -> None:
        unit = Recorded()
        if was_open:
            async with unit:
                pass
        use(unit)

    with pytest.raises(UnitOfWorkError, match="not open"):
        asyncio.run(main())


def test_run_begins_again_when_the_store_asks_for_it() -> None:
    attempts: list[int] = []

    async def work() -> int:
        attempts.append(1)
        if len(attempts) < 3:
            raise DeadlockError
        return len(attempts)

    assert asyncio.run(Recorded().run(work, retry=2)) == 3
    assert steps == ["begin", "rollback", "begin", "rollback", "begin", "commit"]


def test_events_of_collected_aggregates_are_published_after_the_commit(fresh: list[Any]) -> None:
    async def main() -> None:
        user = User(1, "Ada")
        user.record(UserCreated(1, "Ada"))
        async with Recorded() as unit:
            unit.collect(user)
            assert fresh == []

    asyncio.run(main())

    assert fresh == [(1, "Ada")]


def test_transactional_functions_share_one_unit() -> None:
    @transactional
    async def inner() -> None:
        steps.append("inner")

    @transactional(retry=1)
    async def outer() -> None:
        await inner()

    asyncio.run(outer())

    assert steps == ["begin", "inner", "commit"]


def test_a_transactional_use_case_says_itself_whether_it_reads() -> None:
    @transactional
    class Ask(Interactor[None]):
        read_only = True

        async def call(self) -> None:
            steps.append("call")

    async def main() -> None:
        await Ask()

    asyncio.run(main())

    assert steps == ["begin read", "call", "commit"]


def test_without_a_unit_in_the_container_the_fix_is_named() -> None:
    set_container(Container())

    @transactional
    async def work() -> None: ...

    with pytest.raises(UnitOfWorkError, match="nothing provides a unit of work"):
        asyncio.run(work())


@trigger(UserCreated)
@dataclass(frozen=True)
class CreateUser(Interactor[User]):
    name: str

    async def call(self) -> User:
        steps.append("call")
        return User(7, self.name)


def test_a_trigger_publishes_from_the_result_after_success(fresh: list[Any]) -> None:
    async def main() -> User:
        return await CreateUser("Ada")

    assert asyncio.run(main()).id == 7
    assert fresh == [(7, "Ada")]


def test_a_trigger_inside_a_unit_waits_for_the_commit(fresh: list[Any]) -> None:
    async def main() -> None:
        async with Recorded():
            await CreateUser("Ada")
            assert fresh == []
        assert len(fresh) == 1
        with pytest.raises(BrokenError):  # noqa: PT012 - the block is the unit
            async with Recorded():
                await CreateUser("Bob")
                raise BrokenError

    asyncio.run(main())

    assert len(fresh) == 1


def test_a_trigger_that_lacks_a_field_names_it() -> None:
    @trigger(UserCreated)
    class Nothing(Interactor[None]):
        async def call(self) -> None: ...

    async def main() -> None:
        await Nothing()

    with pytest.raises(TriggerError, match="user_id, name"):
        asyncio.run(main())


def test_a_trigger_may_build_the_event_itself(fresh: list[Any]) -> None:
    @trigger(UserCreated, build=lambda number: UserCreated(number, "x") if number else None)
    @dataclass(frozen=True)
    class Give(Interactor[int]):
        number: int

        async def call(self) -> int:
            return self.number

    async def main() -> None:
        await Give(0)
        await Give(5)

    asyncio.run(main())

    assert fresh == [(5, "x")]
