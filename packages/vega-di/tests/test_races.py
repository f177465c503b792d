"""One object, however many ask at once: threads, tasks, event loops, cancelled builders."""

import asyncio
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from vega.di import CircularDependencyError, ConstructionError, Container, Resolver, Scope


class Pool: ...


def run_threads(count: int, work: Callable[[int], None]) -> None:
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"


def test_thirty_two_threads_build_one_singleton() -> None:
    gate = threading.Event()
    built, found = [], []

    class Slow:
        def __init__(self) -> None:
            built.append(1)
            gate.wait(5)

    container = Container()
    container.register(Slow, scope=Scope.SINGLETON)
    container.validate()

    def work(number: int) -> None:
        if number == 31:
            gate.set()
        found.append(container.resolve(Slow))

    run_threads(32, work)

    assert built == [1]
    assert len(set(map(id, found))) == 1


def test_a_thousand_singletons_from_sixteen_threads_in_random_order_are_built_once_each() -> None:
    built: list[int] = []
    classes: list[type] = []
    for number in range(1000):
        needs = [classes[number // 2], classes[number // 3]] if number > 1 else []

        def init(self: Any, *, _number: int = number, **_: Any) -> None:
            built.append(_number)

        parameters = {f"p{index}": need for index, need in enumerate(needs)}
        names = ", ".join(parameters)
        space: dict[str, Any] = {"built": built}
        exec(f"def __init__(self{', ' + names if names else ''}):\n    built.append({number})", space)
        space["__init__"].__annotations__ = parameters
        classes.append(type(f"S{number}", (), {"__init__": space["__init__"]}))
        assert init
    container = Container()
    for cls in random.sample(classes, len(classes)):
        container.register(cls, scope=Scope.SINGLETON)
    found: list[dict[type, Any]] = [{} for _ in range(16)]

    def work(number: int) -> None:
        for cls in random.sample(classes, len(classes)):
            found[number][cls] = container.resolve(cls)

    run_threads(16, work)

    assert sorted(built) == list(range(1000))
    assert all(other == found[0] for other in found)


def test_singletons_that_need_each_other_through_resolvers_in_two_threads_are_a_cycle_not_a_hang() -> None:
    class A: ...

    class B: ...

    meet = threading.Barrier(2)

    def make_a(resolver: Resolver) -> A:
        meet.wait(5)
        resolver.resolve(B)
        return A()

    def make_b(resolver: Resolver) -> B:
        meet.wait(5)
        resolver.resolve(A)
        return B()

    container = Container()
    container.register_factory(A, make_a, scope=Scope.SINGLETON)
    container.register_factory(B, make_b, scope=Scope.SINGLETON)
    container.validate()
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            container.resolve((A, B)[number])
        except (CircularDependencyError, threading.BrokenBarrierError) as error:
            errors.append(error)

    run_threads(2, work)

    assert any(isinstance(error, CircularDependencyError) for error in errors)


def make_async(built: list[int], gates: tuple[asyncio.Event, asyncio.Event] | None = None) -> Container:
    async def pool() -> Pool:
        built.append(1)
        if gates is not None:
            gates[0].set()
            await gates[1].wait()
        else:
            await asyncio.sleep(0)
        return Pool()

    container = Container()
    container.register_factory(Pool, pool, scope=Scope.SINGLETON)
    return container


def test_fifty_tasks_build_one_async_singleton() -> None:
    built: list[int] = []
    container = make_async(built)

    async def main() -> list[Pool]:
        return await asyncio.gather(*(container.aresolve(Pool) for _ in range(50)))

    found = asyncio.run(main())

    assert built == [1]
    assert len(set(map(id, found))) == 1


def test_a_cancelled_first_caller_hands_the_build_over() -> None:
    built: list[int] = []

    async def main() -> list[Pool]:
        started, gate = asyncio.Event(), asyncio.Event()
        container = make_async(built, (started, gate))
        first = asyncio.create_task(container.aresolve(Pool))
        others = [asyncio.create_task(container.aresolve(Pool)) for _ in range(49)]
        await started.wait()
        first.cancel()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await asyncio.gather(*others)

    found = asyncio.run(asyncio.wait_for(main(), 5))

    assert built == [1, 1]
    assert len(set(map(id, found))) == 1


def test_a_failing_factory_fails_for_all_who_wait_and_the_next_call_tries_again() -> None:
    calls: list[int] = []

    async def pool() -> Pool:
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) == 1:
            raise OSError("refused")
        return Pool()

    container = Container()
    container.register_factory(Pool, pool, scope=Scope.SINGLETON)

    async def main() -> tuple[list[Any], Pool]:
        first = await asyncio.gather(*(container.aresolve(Pool) for _ in range(10)), return_exceptions=True)
        return first, await container.aresolve(Pool)

    errors, found = asyncio.run(main())

    assert [(type(error), type(error.__cause__)) for error in errors] == [(ConstructionError, OSError)] * 10
    assert isinstance(found, Pool)
    assert len(calls) == 2


def test_four_threads_with_four_event_loops_build_one_async_singleton() -> None:
    built: list[int] = []
    container = make_async(built)
    container.validate()
    found: list[Pool] = []

    async def ask() -> list[Pool]:
        return await asyncio.wait_for(asyncio.gather(*(container.aresolve(Pool) for _ in range(5))), 5)

    run_threads(4, lambda _: found.extend(asyncio.run(ask())))

    assert built == [1]
    assert len(found) == 20
    assert len(set(map(id, found))) == 1


def test_two_successive_event_loops_share_an_async_singleton() -> None:
    built: list[int] = []
    container = make_async(built)

    first = asyncio.run(container.aresolve(Pool))
    second = asyncio.run(container.aresolve(Pool))

    assert first is second
    assert built == [1]


def test_an_async_singleton_that_is_built_answers_sync_code_too() -> None:
    container = make_async([])

    built = asyncio.run(container.aresolve(Pool))

    assert container.resolve(Pool) is built


def test_ten_thousand_concurrent_scopes_share_no_object() -> None:
    class Session: ...

    class Repo:
        def __init__(self, session: Session) -> None:
            self.session = session

    container = Container()
    container.register(Session, scope=Scope.SCOPED)
    container.register(Repo)
    kept: list[Session] = []

    async def request() -> None:
        async with container.scope() as scope:
            first = scope.resolve(Repo).session
            await asyncio.sleep(0)
            assert container.resolve(Repo).session is first
            kept.append(first)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(10_000):
                group.create_task(request())

    asyncio.run(main())

    assert len(set(map(id, kept))) == 10_000


def test_a_failing_factory_in_a_thread_wakes_the_others() -> None:
    calls: list[int] = []
    started, release = threading.Event(), threading.Event()
    outcomes: list[str] = []

    class Slow:
        def __init__(self) -> None:
            calls.append(1)
            started.set()
            release.wait(5)
            if len(calls) == 1:
                raise OSError

    container = Container()
    container.register(Slow, scope=Scope.SINGLETON)
    container.validate()

    def work(number: int) -> None:
        if number:
            started.wait(5)
            release.set()
        try:
            container.resolve(Slow)
        except ConstructionError:
            outcomes.append("error")
        else:
            outcomes.append("ok")

    run_threads(2, work)

    assert "error" in outcomes
    assert isinstance(container.resolve(Slow), Slow)


def test_threads_that_ask_for_the_same_keys_first_get_no_error() -> None:
    classes = [type(f"T{number}", (), {}) for number in range(300)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            container = Container({cls: cls for cls in classes})
            errors: list[Exception] = []

            def work(_: int, container: Container = container, errors: list[Exception] = errors) -> None:
                try:
                    for cls in classes:
                        container.resolve(cls)
                except Exception as error:  # noqa: BLE001  # whatever it is, it fails the test
                    errors.append(error)

            run_threads(8, work)
            assert errors == []
    finally:
        sys.setswitchinterval(interval)


def test_a_key_error_of_a_constructor_is_not_taken_for_an_unknown_key() -> None:
    class Broken:
        def __init__(self) -> None:
            raise KeyError(Broken)

    container = Container({Broken: Broken})

    for _ in range(2):
        with pytest.raises(ConstructionError, match="Broken raised KeyError") as caught:
            container.resolve(Broken)
        assert isinstance(caught.value.__cause__, KeyError)


def test_functions_are_bound_once_whoever_calls_first() -> None:
    container = Container({Pool: Pool})

    def work(pool: Pool, number: int = 1) -> int:
        return number

    bound = container.bind(work)
    found: list[int] = []

    run_threads(16, lambda number: found.append(bound(number=number) if number % 2 else bound()))

    assert sorted(found) == sorted(number if number % 2 else 1 for number in range(16))
