"""Services that have to be awaited, alone and in the middle of other services."""

import asyncio
import sys

import pytest

from vega.di import AsyncRequiredError, Container, Scope, ScopeRequiredError


class Thing: ...


class Keeper:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


class Other: ...


def test_an_async_transient_is_awaited_in_the_middle_of_a_plan() -> None:
    async def thing() -> Thing:
        return Thing()

    container = Container({Keeper: Keeper})
    container.register_factory(Thing, thing)

    async def main() -> None:
        assert isinstance((await container.aresolve(Keeper)).thing, Thing)
        async with container.scope() as scope:
            assert isinstance((await scope.aresolve(Keeper)).thing, Thing)

    asyncio.run(main())


def test_the_container_awaits_scoped_services_of_the_ambient_scope() -> None:
    async def thing() -> Thing:
        return Thing()

    container = Container({Keeper: Keeper})
    container.register_factory(Thing, thing, scope=Scope.SCOPED)

    async def main() -> None:
        with pytest.raises(ScopeRequiredError):
            await container.aresolve(Keeper)
        async with container.scope() as scope:
            assert (await container.aresolve(Keeper)).thing is await scope.aresolve(Thing)

    asyncio.run(main())


def test_async_only_singletons_are_refused_until_they_are_built() -> None:
    async def thing() -> Thing:
        return Thing()

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SINGLETON)
    container.register(Keeper, scope=Scope.SINGLETON)

    with pytest.raises(AsyncRequiredError, match="Thing has to be awaited"):
        container.resolve(Keeper)
    other = asyncio.run(container.aresolve(Keeper))

    assert container.resolve(Keeper) is other
    assert sys.version_info >= (3, 11)


def test_tasks_that_wait_for_an_async_dependency_find_what_follows_it_built() -> None:
    class Pool: ...

    class Service:
        def __init__(self, pool: Pool) -> None:
            made.append(self)

    async def open_pool() -> Pool:
        await asyncio.sleep(0)
        return Pool()

    for scope in (Scope.SINGLETON, Scope.SCOPED):
        made: list[Service] = []
        container = Container()
        container.register_factory(Pool, open_pool, scope=scope)
        container.register(Service, scope=scope)

        async def main(container: Container = container) -> list[Service]:
            async with container.scope() as opened:
                return await asyncio.gather(*(opened.aresolve(Service) for _ in range(3)))

        assert asyncio.run(main()) == made * 3, scope


def test_a_scope_fills_in_only_what_it_lacks() -> None:
    async def first() -> Thing:
        return Thing()

    async def second() -> Other:
        return Other()

    class Both:
        def __init__(self, thing: Thing, other: Other) -> None:
            self.thing, self.other = thing, other

    container = Container({Both: Both})
    container.register_factory(Thing, first, scope=Scope.SCOPED)
    container.register_factory(Other, second, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            thing = await scope.aresolve(Thing)
            both = await scope.aresolve(Both)
            assert both.thing is thing
            assert (await scope.aresolve(Both)).other is both.other

    asyncio.run(main())
