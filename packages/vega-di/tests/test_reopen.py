"""A closed container opens again: same registrations, new singletons."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from vega.di import Container, ContainerClosedError, Scope, ScopeClosedError, bind, use_container


class Pool:
    def __init__(self) -> None:
        self.is_open = True


class Service:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool


def _pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.is_open = False


async def _async_pool() -> AsyncIterator[Pool]:
    pool = Pool()
    yield pool
    pool.is_open = False


def test_singletons_are_built_and_closed_in_each_life() -> None:
    container = Container()
    container.register_factory(Pool, _pool, scope=Scope.SINGLETON)
    container.register(Service, scope=Scope.SCOPED)
    bound = container.bind(lambda: None)
    pools: list[Pool] = []

    @container.bind
    def ask(service: Service, pool: Pool) -> Pool:
        assert service.pool is pool
        return pool

    for _ in range(3):
        with container.scope() as scope:
            pools += [scope.resolve(Service).pool, ask(), container.resolve(Pool)]
        assert pools[-1].is_open
        bound()
        container.close()
        assert not pools[-1].is_open
        with pytest.raises(ContainerClosedError):
            ask()
        container.reopen()

    assert len({id(pool) for pool in pools}) == 3


def test_resources_that_are_awaited_belong_to_their_life() -> None:
    container = Container()
    container.register_factory(Pool, _async_pool, scope=Scope.SINGLETON)

    @bind
    async def ask(pool: Pool) -> Pool:
        return pool

    async def live() -> Pool:
        with use_container(container):
            pool = await ask()
            assert await ask() is pool
            assert await container.aresolve(Pool) is pool
        await container.aclose()
        assert not pool.is_open
        with use_container(container), pytest.raises(ContainerClosedError):
            await ask()
        container.reopen()
        return pool

    async def main() -> None:
        assert await live() is not await live()

    asyncio.run(main())
    asyncio.run(main())  # in another event loop


def test_a_scope_that_was_open_at_the_close_ends_as_any_other() -> None:
    closed: list[str] = []

    def session() -> Iterator[Pool]:
        yield Pool()
        closed.append("session")

    container = Container()
    container.register_factory(Pool, session, scope=Scope.SCOPED)
    with container.scope() as scope:
        scope.resolve(Pool)
        container.close()
        with pytest.raises(ContainerClosedError):
            scope.resolve(Service)
        container.reopen()
        assert closed == []
    assert closed == ["session"]
    with pytest.raises(ScopeClosedError):
        scope.resolve(Pool)


def test_an_override_holds_in_the_next_life_until_its_block_ends() -> None:
    container = Container()
    container.register(Pool, scope=Scope.SINGLETON)
    container.register(Service, scope=Scope.SINGLETON)
    other = Pool()
    for local in (False, True):
        with container.override({Pool: other}, local=local):
            assert container.resolve(Service).pool is other
            container.close()
            container.reopen()
            assert container.resolve(Service).pool is other
        assert container.resolve(Service).pool is not other


def test_an_override_that_ends_while_closed_is_over_in_the_next_life() -> None:
    container = Container()
    container.register(Pool, scope=Scope.SINGLETON)
    other = Pool()
    for local in (False, True):
        with container.override({Pool: other}, local=local):
            assert container.resolve(Pool) is other
            container.close()
        container.reopen()
        assert container.resolve(Pool) is not other
        assert container.resolve(Pool) is container.resolve(Pool)


def test_registrations_may_follow_and_an_open_container_is_left_alone() -> None:
    container = Container()
    container.register(Pool, scope=Scope.SINGLETON)
    pool = container.resolve(Pool)
    container.reopen()
    assert container.resolve(Pool) is pool
    container.close()
    with pytest.raises(ContainerClosedError, match="reopen"):
        container.register(Service)
    container.reopen()
    container.register(Service)
    assert container.resolve(Service).pool is container.resolve(Pool)
