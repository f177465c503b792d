"""Lazy and Provider: services that are built when they are first needed, or at each call."""

import asyncio
from typing import Annotated

import pytest

from vega.di import (
    AmbiguousProviderError,
    AsyncRequiredError,
    Container,
    ContainerError,
    Lazy,
    MissingProviderError,
    Named,
    Provider,
    Resolver,
    Scope,
)


class Thing: ...


class Check: ...


class Disk(Check): ...


class Net(Check): ...


class Other: ...


def test_lazy_builds_when_first_asked_and_keeps_it() -> None:
    built = []

    class Slow:
        def __init__(self) -> None:
            built.append(1)

    class Holder:
        def __init__(self, slow: Lazy[Slow]) -> None:
            self.slow = slow

    container = Container({Slow: Slow, Holder: Holder})
    holder = container.resolve(Holder)

    assert built == []
    assert holder.slow() is holder.slow()
    assert built == [1]


def test_provider_asks_at_each_call() -> None:
    class Holder:
        def __init__(self, things: Provider[Thing], named: Provider[Annotated[Thing, Named("one")]]) -> None:
            self.things, self.named = things, named

    container = Container({Thing: Thing, Holder: Holder})
    container.register_named(Thing, "one", Thing, scope=Scope.SINGLETON)
    holder = container.resolve(Holder)

    assert holder.things() is not holder.things()
    assert holder.named() is holder.named()


def test_provider_in_a_scope_gives_what_the_scope_gives() -> None:
    class Holder:
        def __init__(self, things: Provider[Thing]) -> None:
            self.things = things

    container = Container({Holder: Holder})
    container.register(Thing, scope=Scope.SCOPED)

    with container.scope() as scope:
        assert scope.resolve(Holder).things() is scope.resolve(Thing)


def test_lazy_and_provider_await_what_has_to_be_awaited() -> None:
    async def thing() -> Thing:
        return Thing()

    class Holder:
        def __init__(self, lazy: Lazy[Thing], provider: Provider[Thing]) -> None:
            self.lazy, self.provider = lazy, provider

    container = Container({Holder: Holder})
    container.register_factory(Thing, thing)
    holder = container.resolve(Holder)

    async def main() -> None:
        assert await holder.lazy.aget() is await holder.lazy.aget() is holder.lazy()
        assert await holder.provider.aget() is not await holder.provider.aget()

    with pytest.raises(AsyncRequiredError):
        holder.provider()
    asyncio.run(main())


def test_lazy_and_provider_await_services_of_their_scope() -> None:
    async def thing() -> Thing:
        return Thing()

    class Holder:
        def __init__(self, lazy: Lazy[Thing], provider: Provider[Thing]) -> None:
            self.lazy, self.provider = lazy, provider

    container = Container({Holder: Holder})
    container.register_factory(Thing, thing, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            holder = scope.resolve(Holder)
            assert await holder.lazy.aget() is await holder.provider.aget() is await scope.aresolve(Thing)

    asyncio.run(main())


def test_an_ambiguous_deferred_dependency_is_found_at_build() -> None:
    class Holder:
        def __init__(self, check: Lazy[Check]) -> None: ...

    container = Container({Holder: Holder, Check: Disk})
    container.register(Check, Net)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert isinstance(caught.value.exceptions[0], AmbiguousProviderError)


def test_a_provider_passes_on_an_error_that_is_named_already() -> None:
    class Holder:
        def __init__(self, things: Provider[Thing]) -> None:
            self.things = things

    async def thing(resolver: Resolver) -> Thing:
        return await resolver.aresolve(Other)  # type: ignore[return-value]  # nothing provides it

    container = Container({Holder: Holder})
    container.register_factory(Thing, thing)

    async def main() -> None:
        await container.resolve(Holder).things.aget()

    with pytest.raises(MissingProviderError):
        asyncio.run(main())
