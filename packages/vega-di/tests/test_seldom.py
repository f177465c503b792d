"""Keys, hints and errors that hardly anybody writes, and what becomes of them."""

import asyncio
from typing import Annotated, Any

import pytest

from vega.di import CloseError, Container, InvalidKeyError, Scope, bind, set_container


class Thing: ...


class Other: ...


def test_metadata_that_cannot_be_hashed_is_passed_by() -> None:
    class Taker:
        def __init__(self, thing: Annotated[Thing, []], size: Annotated[int, []] = 3) -> None:  # type: ignore[valid-type]  # is wanted
            self.thing, self.size = thing, size

    container = Container({Thing: Thing, Taker: Taker})

    assert type(container.resolve(Taker).thing) is Thing
    assert container.resolve(Taker).size == 3


def test_a_key_that_cannot_be_hashed_is_told() -> None:
    with pytest.raises(InvalidKeyError, match="is not a key"):
        Container().resolve(Annotated[Thing, []])


def test_the_errors_of_a_close_stay_such_when_they_are_split() -> None:
    container = Container()

    def failing(cls: type, error: Exception) -> Any:
        def resource() -> Any:
            try:
                yield cls()
            finally:
                raise error

        return resource

    container.register_factory(Thing, failing(Thing, ValueError("v")), scope=Scope.SINGLETON)
    container.register_factory(Other, failing(Other, KeyError("k")), scope=Scope.SINGLETON)
    container.resolve(Thing)
    container.resolve(Other)
    with pytest.raises(CloseError) as caught:
        container.close()

    mine, rest = caught.value.split(ValueError)

    assert type(mine) is type(rest) is CloseError


def test_a_declared_type_that_refuses_to_be_asked_is_believed() -> None:
    class Refusing(type):
        def __subclasscheck__(cls, subclass: type) -> bool:
            raise TypeError("not asked")

    class Base(metaclass=Refusing): ...

    class Real(Base): ...

    def make() -> Base:
        return Real()

    container = Container()
    container.register_factory(Real, make)

    assert type(container.resolve(Real)) is Real


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
