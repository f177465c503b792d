"""Overrides reach what was built already, nest, and leave nothing behind."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from unittest.mock import Mock

import pytest

from vega.di import Container, ContainerError, Lazy, MissingProviderError, Named, Scope, bind, set_container


class Thing: ...


class Keeper:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


class Clock:
    name = "real"


class FakeClock(Clock):
    name = "fake"


class Repo:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Service:
    def __init__(self, repo: Repo) -> None:
        self.repo = repo


class App:
    def __init__(self, service: Service, other: "Other") -> None:
        self.service, self.other = service, other


class Other: ...


def make(scope: Scope = Scope.SINGLETON) -> Container:
    container = Container()
    for cls in (Clock, Repo, Service, App):
        container.register(cls, scope=scope)
    container.register(Other, scope=Scope.SINGLETON)
    return container


def test_an_override_reaches_three_levels_that_were_built_and_the_same_old_objects_return() -> None:
    container = make()
    before = [container.resolve(cls) for cls in (Clock, Repo, Service, App)]

    with container.override({Clock: FakeClock()}):
        assert container.resolve(App).service.repo.clock.name == "fake"
        assert container.resolve(App).service is container.resolve(Service)
        assert container.resolve(App).other is before[3].other

    assert [container.resolve(cls) for cls in (Clock, Repo, Service, App)] == before


def test_blocks_nest() -> None:
    container, outer, inner = make(), FakeClock(), FakeClock()

    with container.override({Clock: outer}):
        service = container.resolve(Service)
        with container.override({Clock: inner}):
            assert container.resolve(Service).repo.clock is inner
        assert container.resolve(Service) is service
        assert service.repo.clock is outer

    assert container.resolve(Clock).name == "real"


def test_a_failing_block_restores() -> None:
    container = make()
    before = container.resolve(App)

    with pytest.raises(ZeroDivisionError), container.override({Clock: FakeClock()}):  # noqa: PT012  # the block raises
        container.resolve(App)
        raise ZeroDivisionError

    assert container.resolve(App) is before


def test_blocks_that_overlap_without_nesting_each_end_their_own() -> None:
    container = make()
    first, second = container.override({Clock: FakeClock()}), container.override({Other: Other()})

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    clock = container.resolve(Clock)
    second.__exit__(None, None, None)

    assert clock.name == "real"
    assert container.resolve(Clock) is clock


def test_an_open_scope_follows_an_override_and_has_its_old_objects_back() -> None:
    container = make(Scope.SCOPED)

    with container.scope() as scope:
        before = scope.resolve(Service)
        with container.override({Clock: FakeClock()}):
            assert scope.resolve(Service).repo.clock.name == "fake"
            assert scope.resolve(Service) is scope.resolve(Service)
        assert scope.resolve(Service) is before


def test_transients_follow_an_override() -> None:
    container = make(Scope.TRANSIENT)
    assert container.resolve(App).service.repo.clock.name == "real"

    with container.override({Clock: FakeClock()}):
        assert container.resolve(App).service.repo.clock.name == "fake"

    assert container.resolve(App).service.repo.clock.name == "real"


def test_bound_functions_follow_an_override() -> None:
    container = make()
    set_container(container)

    @bind
    def name(service: Service) -> str:
        return service.repo.clock.name

    of_container = container.bind(lambda: 0)

    def named(service: Service) -> str:
        return service.repo.clock.name

    edge = container.bind(named)
    assert of_container() == 0
    assert (name(), edge()) == ("real", "real")
    with container.override({Clock: FakeClock()}):
        assert (name(), edge()) == ("fake", "fake")
    assert (name(), edge()) == ("real", "real")


def test_a_key_that_nobody_registered_can_be_overridden() -> None:
    class Absent: ...

    container = make()

    with container.override({Absent: Absent()}):
        assert isinstance(container.resolve(Absent), Absent)
        assert container.provides(Absent)
    assert not container.provides(Absent)
    with pytest.raises(MissingProviderError):
        container.resolve(Absent)


def test_a_named_service_is_overridden_by_its_annotation() -> None:
    container = make()
    container.register_named(Clock, "utc", Clock)
    fake = FakeClock()

    with container.override({Annotated[Clock, Named("utc")]: fake}):
        assert container.resolve(Clock, name="utc") is fake
        assert container.resolve(Clock).name == "real"


def test_mocks_and_duck_typed_doubles_are_taken() -> None:
    class Duck:
        name = "duck"

    container = make()

    with container.override({Clock: Mock(spec=Clock, name="mock")}):
        assert container.resolve(Service)
    with container.override({Clock: Duck()}):
        assert container.resolve(Service).repo.clock.name == "duck"


def test_decorators_are_not_put_around_an_override() -> None:
    class Around(Clock):
        def __init__(self, inner: Clock) -> None:
            self.inner = inner

    container = make()
    container.decorate(Clock, Around)
    fake = FakeClock()

    assert isinstance(container.resolve(Clock), Around)
    with container.override({Clock: fake}):
        assert container.resolve(Clock) is fake


def test_what_an_override_had_built_is_closed_at_its_end() -> None:
    log = []

    def repo(clock: Clock) -> Iterator[Repo]:
        yield Repo(clock)
        log.append(clock.name)

    container = Container({Clock: Clock})
    container.register_factory(Repo, repo, scope=Scope.SINGLETON)
    container.resolve(Repo)

    with container.override({Clock: FakeClock()}):
        container.resolve(Repo)
    assert log == ["fake"]
    container.close()

    assert log == ["fake", "real"]


def test_what_an_async_override_had_built_is_closed_at_its_end() -> None:
    log = []

    async def repo(clock: Clock) -> AsyncIterator[Repo]:
        yield Repo(clock)
        await asyncio.sleep(0)
        log.append(clock.name)

    container = Container({Clock: Clock})
    container.register_factory(Repo, repo, scope=Scope.SINGLETON)

    async def main() -> None:
        async with container.override({Clock: FakeClock()}):
            await container.aresolve(Repo)

    asyncio.run(main())

    assert log == ["fake"]


def test_registering_inside_an_override_keeps_both() -> None:
    class Late: ...

    container = make()

    with container.override({Clock: FakeClock()}):
        container.register(Late)
        assert isinstance(container.resolve(Late), Late)
        assert container.resolve(Clock).name == "fake"

    assert isinstance(container.resolve(Late), Late)
    assert container.resolve(Clock).name == "real"


def test_two_tasks_with_local_overrides_do_not_see_each_other() -> None:
    container = make()
    real = container.resolve(App)
    turn = asyncio.Barrier(2)

    async def run(fake: FakeClock) -> None:
        with container.override({Clock: fake}, local=True):
            await turn.wait()
            assert container.resolve(App).service.repo.clock is fake
            assert await asyncio.create_task(child()) is fake
            await turn.wait()

    async def child() -> Clock:
        return container.resolve(App).service.repo.clock

    async def main() -> None:
        await asyncio.gather(run(FakeClock()), run(FakeClock()))
        assert container.resolve(App) is real

    asyncio.run(main())

    assert container.resolve(App) is real


def test_two_threads_with_local_overrides_do_not_see_each_other() -> None:
    container = make()
    real = container.resolve(App)
    barrier = threading.Barrier(3)
    found: list[bool] = []

    def run() -> None:
        fake = FakeClock()
        with container.override({Clock: fake}, local=True):
            barrier.wait(5)
            found.append(container.resolve(App).service.repo.clock is fake)
            barrier.wait(5)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    barrier.wait(5)
    found.append(container.resolve(App) is real)
    barrier.wait(5)
    for thread in threads:
        thread.join(5)

    assert found == [True, True, True]


def test_an_override_ends_only_once() -> None:
    container = make()
    override = container.override({Clock: FakeClock()})

    with override:
        override.__exit__(None, None, None)
        assert container.resolve(Clock).name == "real"


def test_a_singleton_that_opens_while_its_block_ends_is_closed_with_the_container() -> None:
    log: list[str] = []
    go_on = asyncio.Event()

    async def repo(clock: Clock) -> AsyncIterator[Repo]:
        await go_on.wait()
        yield Repo(clock)
        log.append("closed")

    container = Container({Clock: Clock})
    container.register_factory(Repo, repo, scope=Scope.SINGLETON)

    async def main() -> None:
        with container.override({Clock: FakeClock()}):
            opening = asyncio.create_task(container.aresolve(Repo))
            await asyncio.sleep(0)
        go_on.set()
        assert (await opening).clock.name == "fake"
        assert log == []
        await container.aclose()

    asyncio.run(main())

    assert log == ["closed"]


def test_a_local_override_can_be_left_in_another_context() -> None:
    container = Container({Thing: Thing})
    override = container.override({Thing: Thing()}, local=True)

    contextvars.copy_context().run(override.__enter__)
    override.__exit__(None, None, None)

    assert isinstance(container.resolve(Thing), Thing)


def test_an_override_of_a_broken_container_leaves_no_trace() -> None:
    container = Container({Keeper: Keeper})

    for local in (False, True):
        with pytest.raises(ContainerError), container.override({int: 3}, local=local):
            pytest.fail("the block must not run")

    container.register(Thing)
    assert isinstance(container.resolve(Keeper), Keeper)


def test_an_override_repairs_what_was_missing() -> None:
    container = Container({Keeper: Keeper})
    container.register(Thing, when=False)
    fake = Thing()

    with pytest.raises(ContainerError):
        container.validate()
    container.register(Thing, replace=True)
    with container.override({Thing: fake}):
        assert container.resolve(Keeper).thing is fake


def test_an_override_reaches_a_lazy_holder() -> None:
    class Holder:
        def __init__(self, thing: Lazy[Thing]) -> None:
            self.thing = thing

    container = Container({Thing: Thing})
    container.register(Holder, scope=Scope.SINGLETON)
    holder, real, fake = container.resolve(Holder), container.resolve(Holder).thing(), Thing()

    with container.override({Thing: fake}):
        assert container.resolve(Holder).thing() is fake
    assert container.resolve(Holder) is holder
    assert holder.thing() is real


def test_closing_a_container_inside_an_override_ends_both() -> None:
    container = Container({Thing: Thing})

    with container.override({Thing: Thing()}):
        container.close()

    with pytest.raises(Exception, match="VG212"):
        container.resolve(Thing)
