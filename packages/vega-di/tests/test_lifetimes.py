"""What is opened is closed: last first, every one, whatever fails on the way."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, ClassVar, Self

import pytest

from vega.di import (
    AsyncRequiredError,
    CloseError,
    ConstructionError,
    Container,
    ContainerClosedError,
    InvalidGeneratorError,
    Scope,
    ScopeClosedError,
    ScopeRequiredError,
)


class One: ...


class Two:
    def __init__(self, one: One) -> None: ...


class Three:
    def __init__(self, two: Two) -> None: ...


class Log(list[str]):
    fails: type[BaseException] | None = None
    swallow = False

    def resource(self, name: str, made: Any) -> Iterator[Any]:
        self.append(f"+{name}")
        try:
            yield made
        except KeyError:
            self.append(f"x{name}")
            if not self.swallow:
                raise
        finally:
            self.append(f"-{name}")
            if name == "2" and self.fails is not None:
                raise self.fails("in 2")

    def closed(self) -> str:
        return "".join(entry for entry in self if entry.startswith("-"))


def three(log: Log, scope: Scope = Scope.SCOPED) -> Container:
    def one() -> Iterator[One]:
        yield from log.resource("1", One())

    def two(one: One) -> Iterator[Two]:
        yield from log.resource("2", Two(one))

    def three(two: Two) -> Iterator[Three]:
        yield from log.resource("3", Three(two))

    container = Container()
    container.register_factory(One, one, scope=scope)
    container.register_factory(Two, two, scope=scope)
    container.register_factory(Three, three, scope=scope)
    return container


def three_async(log: Log) -> Container:
    async def one() -> AsyncIterator[One]:
        for made in log.resource("1", One()):
            yield made

    async def two(one: One) -> AsyncIterator[Two]:
        log.append("+2")
        try:
            yield Two(one)
        finally:
            log.append("-2")
            if log.fails is not None:
                raise log.fails("in 2")

    async def three(two: Two) -> AsyncIterator[Three]:
        for made in log.resource("3", Three(two)):
            yield made

    container = Container()
    container.register_factory(One, one, scope=Scope.SCOPED)
    container.register_factory(Two, two, scope=Scope.SCOPED)
    container.register_factory(Three, three, scope=Scope.SCOPED)
    return container


FAILURES = [ValueError, asyncio.CancelledError, KeyboardInterrupt]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_finaliser_does_not_stop_the_others(failure: type[BaseException]) -> None:
    log = Log()
    log.fails = failure

    with pytest.raises(failure), three(log).scope() as scope:
        scope.resolve(Three)

    assert log.closed() == "-3-2-1"


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_async_finaliser_does_not_stop_the_others(failure: type[BaseException]) -> None:
    log = Log()
    log.fails = failure

    async def main() -> None:
        async with three_async(log).scope() as scope:
            await scope.aresolve(Three)

    with pytest.raises(failure):
        asyncio.run(main())

    assert log.closed() == "-3-2-1"


def test_the_error_of_the_body_is_kept_and_names_the_finaliser_that_failed_too() -> None:
    log = Log()
    log.fails = ValueError

    with pytest.raises(KeyError) as caught, three(log).scope() as scope:  # noqa: PT012  # the body of the scope raises
        scope.resolve(Three)
        raise KeyError("body")

    assert log.closed() == "-3-2-1"
    assert any("ValueError" in note for note in caught.value.__notes__)


def test_a_cancellation_in_a_finaliser_wins_over_an_error_of_the_body_and_remembers_it() -> None:
    log = Log()
    log.fails = asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError) as caught, three(log).scope() as scope:  # noqa: PT012  # the body of the scope raises
        scope.resolve(Three)
        raise KeyError("body")

    assert log.closed() == "-3-2-1"
    assert isinstance(caught.value.__context__, KeyError)


def test_several_failing_finalisers_arrive_as_one_group() -> None:
    def failing(name: str) -> Callable[[], Iterator[Any]]:
        def factory() -> Iterator[Any]:
            try:
                yield made[name]()
            finally:
                raise ValueError(name)

        return factory

    made: dict[str, Any] = {"One": One, "Log": Log}
    container = Container()
    container.register_factory(One, failing("One"), scope=Scope.SCOPED)
    container.register_factory(Log, failing("Log"), scope=Scope.SCOPED)

    with pytest.raises(CloseError) as caught, container.scope() as scope:  # noqa: PT012  # the body of the scope raises
        scope.resolve(One)
        scope.resolve(Log)

    assert [str(error) for error in caught.value.exceptions] == ["Log", "One"]


@pytest.mark.parametrize("swallow", [False, True])
def test_the_error_of_the_body_is_seen_in_generators_and_never_swallowed(swallow: bool) -> None:
    log = Log()
    log.swallow = swallow

    with pytest.raises(KeyError, match="body"), three(log).scope() as scope:  # noqa: PT012  # the body of the scope raises
        scope.resolve(Three)
        raise KeyError("body")

    assert log[3:] == ["x3", "-3", "x2", "-2", "x1", "-1"]


def test_the_error_of_an_async_body_is_seen_in_async_generators() -> None:
    seen = []

    async def one() -> AsyncIterator[One]:
        try:
            yield One()
        except KeyError:
            seen.append("rolled back")

    container = Container()
    container.register_factory(One, one, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(One)
            raise KeyError("body")

    with pytest.raises(KeyError, match="body"):
        asyncio.run(main())

    assert seen == ["rolled back"]


@pytest.mark.parametrize("error", [StopIteration, StopAsyncIteration])
def test_a_stop_iteration_of_the_body_arrives_as_it_is(error: type[Exception]) -> None:
    log = Log()

    with pytest.raises(error), three(log).scope() as scope:  # noqa: PT012  # the body of the scope raises
        scope.resolve(Three)
        raise error

    assert log.closed() == "-3-2-1"


def test_a_constructor_that_fails_closes_what_was_opened_for_it() -> None:
    log = Log()
    container = three(log)

    class BoomError(Exception): ...

    class Broken:
        def __init__(self, three: Three) -> None:
            raise BoomError

    container.register(Broken)

    with pytest.raises(ConstructionError) as caught, container.scope() as scope:
        scope.resolve(Broken)

    assert log.closed() == "-3-2-1"
    assert isinstance(caught.value.__cause__, BoomError)
    assert "test_lifetimes.py" in caught.value.where


def test_a_failing_singleton_closes_at_once_what_was_opened_for_it() -> None:
    log = Log()

    def one() -> Iterator[One]:
        yield from log.resource("1", One())

    class Broken:
        def __init__(self, one: One) -> None:
            raise ZeroDivisionError

    container = Container()
    container.register_factory(One, one)
    container.register(Broken, scope=Scope.SINGLETON)

    with pytest.raises(ConstructionError, match="Broken raised ZeroDivisionError"):
        container.resolve(Broken)

    assert log == ["+1", "-1"]


def test_a_task_cancelled_while_a_finaliser_awaits_still_closes_the_others() -> None:
    log: list[str] = []
    waiting = asyncio.Event()

    async def one() -> AsyncIterator[One]:
        try:
            yield One()
        finally:
            log.append("-1")

    async def two(one: One) -> AsyncIterator[Two]:
        yield Two(one)
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("-2")

    container = Container()
    container.register_factory(One, one, scope=Scope.SCOPED)
    container.register_factory(Two, two, scope=Scope.SCOPED)

    async def work() -> None:
        async with container.scope() as scope:
            await scope.aresolve(Two)

    async def main() -> None:
        task = asyncio.create_task(work())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert log == ["-2", "-1"]


def test_singletons_are_closed_with_the_container() -> None:
    log = Log()
    container = three(log, Scope.SINGLETON)

    with container:
        container.resolve(Three)
        assert log.closed() == ""

    assert log.closed() == "-3-2-1"
    with pytest.raises(ContainerClosedError):
        container.resolve(Three)
    with pytest.raises(ContainerClosedError):
        container.close()
    with pytest.raises(ContainerClosedError):
        container.register(One)


def test_async_singletons_are_closed_by_aclose_in_another_loop_than_they_were_built() -> None:
    log = []

    async def one() -> AsyncIterator[One]:
        yield One()
        log.append("closed")

    container = Container()
    container.register_factory(One, one, scope=Scope.SINGLETON)

    first = asyncio.run(container.aresolve(One))
    second = asyncio.run(container.aresolve(One))
    assert first is second
    assert log == []
    asyncio.run(container.aclose())

    assert log == ["closed"]


def test_an_async_resource_that_must_wait_cannot_be_closed_synchronously() -> None:
    async def one() -> AsyncIterator[One]:
        yield One()
        await asyncio.sleep(0)

    container = Container()
    container.register_factory(One, one, scope=Scope.SCOPED)

    async def main() -> None:
        with container.scope() as scope:
            await scope.aresolve(One)

    with pytest.raises(AsyncRequiredError, match="has to be awaited to be closed"):
        asyncio.run(main())


class Managed:
    log: list[str]

    def __init__(self) -> None:
        self.log = []

    def __enter__(self) -> Self:
        self.log.append("in")
        return self

    def __exit__(self, *error: object) -> None:
        self.log.append("out" if error[0] is None else "error")


class AsyncManaged:
    def __init__(self) -> None:
        self.log: list[str] = []

    async def __aenter__(self) -> Self:
        self.log.append("in")
        return self

    async def __aexit__(self, *error: object) -> None:
        self.log.append("out" if error[0] is None else "error")


def test_context_manager_classes_are_entered_and_closed() -> None:
    container = Container()
    container.register(Managed, scope=Scope.SCOPED)

    with container.scope() as scope:
        managed = scope.resolve(Managed)
        assert managed.log == ["in"]

    assert managed.log == ["in", "out"]


def test_async_context_manager_classes_are_entered_and_closed() -> None:
    container = Container()
    container.register(AsyncManaged, scope=Scope.SCOPED)

    async def main() -> AsyncManaged:
        async with container.scope() as scope:
            return await scope.aresolve(AsyncManaged)

    assert asyncio.run(main()).log == ["in", "out"]


def test_the_error_of_the_body_reaches_context_managers() -> None:
    container = Container()
    container.register(Managed, scope=Scope.SCOPED)

    with pytest.raises(KeyError), container.scope() as scope:  # noqa: PT012  # the body of the scope raises
        managed = scope.resolve(Managed)
        raise KeyError

    assert managed.log == ["in", "error"]


def test_enter_false_leaves_a_context_manager_alone() -> None:
    container = Container()
    container.register(Managed, scope=Scope.SCOPED, enter=False)

    with container.scope() as scope:
        managed = scope.resolve(Managed)

    assert managed.log == []


def test_functions_made_by_contextlib_are_resources() -> None:
    log = []

    @contextmanager
    def one() -> Iterator[One]:
        yield One()
        log.append("sync")

    @asynccontextmanager
    async def two(one: One) -> AsyncIterator[Two]:
        yield Two(one)
        log.append("async")

    container = Container()
    container.register_factory(One, one, scope=Scope.SCOPED)
    container.register_factory(Two, two, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            assert isinstance(await scope.aresolve(Two), Two)

    asyncio.run(main())

    assert log == ["async", "sync"]


def test_a_transient_resource_is_closed_with_its_scope_and_needs_one() -> None:
    log = Log()

    def one() -> Iterator[One]:
        yield from log.resource("1", One())

    container = Container()
    container.register_factory(One, one)

    with container.scope() as scope:
        assert scope.resolve(One) is not scope.resolve(One)
    assert log == ["+1", "+1", "-1", "-1"]
    with pytest.raises(ScopeRequiredError):
        container.resolve(One)


def test_a_generator_that_never_yields_is_a_named_error() -> None:
    def never() -> Iterator[One]:
        if log:
            yield One()

    log: list[str] = []
    container = Container()
    container.register_factory(One, never, scope=Scope.SCOPED)

    with container.scope() as scope, pytest.raises(InvalidGeneratorError, match="ended without a yield"):
        scope.resolve(One)


def test_an_async_generator_that_never_yields_is_a_named_error() -> None:
    async def never() -> AsyncIterator[One]:
        if log:
            yield One()

    log: list[str] = []
    container = Container()
    container.register_factory(One, never, scope=Scope.SINGLETON)

    with pytest.raises(InvalidGeneratorError, match="ended without a yield"):
        asyncio.run(container.aresolve(One))


def test_a_generator_that_yields_twice_is_a_named_error_and_is_closed() -> None:
    log = []

    def twice() -> Iterator[One]:
        try:
            yield One()
            yield One()
        finally:
            log.append("closed")

    container = Container()
    container.register_factory(One, twice, scope=Scope.SCOPED)

    with pytest.raises(InvalidGeneratorError, match="yielded a second value"), container.scope() as scope:
        scope.resolve(One)

    assert log == ["closed"]


def test_an_async_generator_that_yields_twice_is_a_named_error_and_is_closed() -> None:
    log = []

    async def twice() -> AsyncIterator[One]:
        try:
            yield One()
            yield One()
        finally:
            log.append("closed")

    container = Container()
    container.register_factory(One, twice, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(One)

    with pytest.raises(InvalidGeneratorError, match="yielded a second value"):
        asyncio.run(main())

    assert log == ["closed"]


async def gated_one(gate: asyncio.Event, log: list[str]) -> AsyncIterator[One]:
    await gate.wait()
    try:
        yield One()
    finally:
        log.append("closed")


def test_a_resource_that_opens_while_its_scope_ends_is_closed_and_refused() -> None:
    log: list[str] = []
    gate = asyncio.Event()
    container = Container()
    container.register_factory(One, partial(gated_one, gate, log), scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            task = asyncio.create_task(scope.aresolve(One))
            await asyncio.sleep(0)
        gate.set()
        with pytest.raises(ScopeClosedError):
            await task

    asyncio.run(main())

    assert log == ["closed"]


def test_the_event_loop_is_not_told_of_what_a_scope_opens_and_closes() -> None:
    told: list[object] = []

    async def one() -> AsyncIterator[One]:
        yield One()

    container = Container()
    container.register_factory(One, one, scope=Scope.SCOPED)

    async def main() -> None:
        kept = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=told.append)
        try:
            async with container.scope() as scope:
                await scope.aresolve(One)
            assert sys.get_asyncgen_hooks().firstiter == told.append
        finally:
            sys.set_asyncgen_hooks(*kept)

    asyncio.run(main())

    assert told == []


async def waiting_one(log: list[str]) -> AsyncIterator[One]:
    log.append("+")
    try:
        yield One()
    finally:
        await asyncio.sleep(0)
        log.append("-")


def test_a_bound_function_that_joins_a_closed_scope_opens_nothing() -> None:
    log: list[str] = []
    container = Container()
    container.register_factory(One, partial(waiting_one, log))
    ended = asyncio.Event()

    async def function(one: One) -> None: ...

    bound = container.bind(function)

    async def later() -> None:
        await ended.wait()
        await bound()

    async def main() -> None:
        async with container.scope():
            task = asyncio.create_task(later())
            await asyncio.sleep(0)
        ended.set()
        with pytest.raises(ScopeClosedError):
            await task

    asyncio.run(main())

    assert log == []


def test_a_closed_scope_opens_nothing_even_for_what_is_not_shared() -> None:
    log: list[str] = []

    class Both:
        def __init__(self, one: One, log: Log) -> None: ...

    container = Container({Both: Both})
    container.register_factory(One, partial(waiting_one, log))
    container.register(Log, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            pass
        with pytest.raises(ScopeClosedError):
            await scope.aresolve(Both)

    asyncio.run(main())

    assert log == []


def test_who_waited_for_a_builder_that_was_cancelled_after_the_end_of_the_scope_opens_nothing() -> None:
    log: list[str] = []
    container = Container()

    async def one() -> AsyncIterator[One]:
        log.append("+")
        if len(log) == 1:
            await asyncio.Event().wait()
        yield One()

    container.register_factory(One, one, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            tasks = [asyncio.create_task(scope.aresolve(One)) for _ in range(2)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        tasks[0].cancel()
        with pytest.raises(ScopeClosedError):
            await tasks[1]

    asyncio.run(main())

    assert log == ["+"]


def test_a_singleton_that_opens_while_its_container_is_closed_is_closed_and_refused() -> None:
    log: list[str] = []
    gate = asyncio.Event()
    container = Container()
    container.register_factory(One, partial(gated_one, gate, log), scope=Scope.SINGLETON)

    async def main() -> None:
        task = asyncio.create_task(container.aresolve(One))
        await asyncio.sleep(0)
        await container.aclose()
        gate.set()
        with pytest.raises(ContainerClosedError):
            await task

    asyncio.run(main())

    assert log == ["closed"]


def test_a_singleton_whose_factory_closes_the_container_is_closed_and_refused() -> None:
    log: list[str] = []

    def one() -> Iterator[One]:
        container.close()
        try:
            yield One()
        finally:
            log.append("closed")

    container = Container()
    container.register_factory(One, one, scope=Scope.SINGLETON)

    with pytest.raises(ContainerClosedError):
        container.resolve(One)

    assert log == ["closed"]


def test_a_part_of_a_large_plan_opens_nothing_after_the_end_of_the_scope() -> None:
    log: list[str] = []
    gate = asyncio.Event()

    class Slow: ...

    async def slow() -> Slow:
        await gate.wait()
        return Slow()

    container = Container()
    container.register_factory(One, partial(waiting_one, log))
    container.register_factory(Slow, slow)
    deep: type = One
    for number in range(60):
        deep = type(f"Deep{number}", (Holder,), {"__init__": taking(deep)})
        container.register(deep)

    class Both:
        def __init__(self, slow: Slow, deep: Any) -> None: ...

    Both.__init__.__annotations__["deep"] = deep
    container.register(Both)

    async def main() -> None:
        async with container.scope() as scope:
            task = asyncio.create_task(scope.aresolve(Both))
            await asyncio.sleep(0)
        gate.set()
        with pytest.raises(ScopeClosedError):
            await task

    asyncio.run(main())

    assert log == []


class Holder: ...


def taking(key: type) -> Any:
    def init(self: Holder, part: Any) -> None: ...

    init.__annotations__["part"] = key
    return init


class Opened:
    log: ClassVar[list[str]] = []

    def __init__(self, one: One) -> None:
        self.one = one

    async def __aenter__(self) -> Self:
        self.log.append("open")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.log.append("close")


def test_an_override_may_begin_before_its_container_opens_and_end_after_it_closed() -> None:
    async def life(container: Container) -> One:
        opened = await container.aresolve(Opened)
        assert opened is await container.aresolve(Opened)
        await container.aclose()
        return opened.one

    Opened.log.clear()
    container, given = Container({One: One}), One()
    container.register(Opened, scope=Scope.SINGLETON)
    with container.override({One: given}):  # which cannot await an end
        assert asyncio.run(life(container)) is given
    with container.override({One: given}):
        with pytest.raises(ContainerClosedError):
            container.resolve(One)
        for _ in range(2):
            container.reopen()
            assert asyncio.run(life(container)) is given
    container.reopen()

    assert asyncio.run(life(container)) is not given
    assert Opened.log == ["open", "close"] * 4
