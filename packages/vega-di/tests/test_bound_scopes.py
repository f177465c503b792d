"""Scopes that calls of bound functions join or open, and the resources that they close."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import vega.di
from vega.di import Container, Scope, bind, current_scope, set_container


class Thing: ...


class Keeper:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


class Other: ...


def test_bound_functions_with_resources_close_them_in_every_shape() -> None:
    log: list[str] = []

    def thing() -> Iterator[Thing]:
        yield Thing()
        log.append("thing")

    class Managed:
        def __init__(self, thing: Thing) -> None: ...

        def __enter__(self) -> "Managed":  # noqa: PYI034  # closed over
            return self

        def __exit__(self, *error: object) -> None:
            log.append("managed")

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SCOPED)
    container.register(Managed, scope=Scope.SCOPED)

    def one(thing: Thing) -> int:
        return 1

    def two(managed: Managed) -> int:
        return 2

    async def three(managed: Managed) -> int:
        return 3

    for ambient in (False, True):
        for function in (one, two):
            bound = container.bind(function, ambient=ambient)
            log.clear()
            assert bound() == bound()
            assert log == (["thing"] if function is one else ["managed", "thing"]) * 2
        log.clear()
        assert asyncio.run(container.bind(three, ambient=ambient)()) == 3
        assert log == ["managed", "thing"]


def test_a_generator_that_yields_twice_is_found_in_bound_functions_too() -> None:
    def twice() -> Iterator[Thing]:
        yield Thing()
        yield Thing()

    async def atwice() -> AsyncIterator[Keeper]:
        yield Keeper(Thing())
        yield Keeper(Thing())

    container = Container()
    container.register_factory(Thing, twice, scope=Scope.SCOPED)
    container.register_factory(Keeper, atwice, scope=Scope.SCOPED)

    def work(thing: Thing) -> None: ...

    async def awork(other: Keeper) -> None: ...

    for ambient in (False, True):
        with pytest.raises(vega.di.InvalidGeneratorError):
            container.bind(work, ambient=ambient)()
        with pytest.raises(vega.di.InvalidGeneratorError):
            asyncio.run(container.bind(awork, ambient=ambient)())


def test_a_call_whose_constructor_asks_the_new_scope_gets_the_same_objects() -> None:
    container = Container({})
    container.register(Thing, scope=Scope.SCOPED)

    class Asks:
        def __init__(self, thing: Thing) -> None:
            self.given, self.asked = thing, container.resolve(Thing)

    container.register(Asks, scope=Scope.SCOPED)

    def work(asks: Asks, thing: Thing) -> Any:
        return asks.given is asks.asked is thing

    async def awork(asks: Asks, thing: Thing) -> Any:
        return work(asks, thing)

    bound, abound = container.bind(work, ambient=True), container.bind(awork, ambient=True)

    assert [bound(), bound(), asyncio.run(abound())] == [True, True, True]
    with container.scope():
        assert bound()
    with container.scope():
        assert asyncio.run(abound())


def test_a_constructor_that_asks_the_scope_of_its_call_does_so_each_time() -> None:
    class Curious:
        def __init__(self) -> None:
            scope = current_scope()
            assert scope is not None
            self.other = scope.resolve(Other)

    class Both:
        def __init__(self, curious: Curious, other: Other) -> None:
            self.same = curious.other is other

    container = Container({Both: Both})
    container.register(Curious, scope=Scope.SCOPED)
    container.register(Other, scope=Scope.SCOPED)
    set_container(container)

    @bind
    def work(both: Both) -> bool:
        return both.same

    assert [work() for _ in range(4)] == [True] * 4
    for _ in range(3):
        with container.scope() as scope:
            assert scope.resolve(Both).same


def test_a_bound_function_meets_the_scope_of_another_container() -> None:
    own, foreign = Container(), Container({Thing: Thing})
    own.register(Thing, scope=Scope.SCOPED)
    set_container(own)

    @bind
    def function(thing: Thing) -> Thing:
        return thing

    function()
    with foreign.scope():
        assert type(function()) is Thing
    with own.scope() as scope:
        assert function() is scope.resolve(Thing)
