"""Scopes that calls of bound functions join or open, and the resources that they close."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import vega.di
from vega.di import Container, Lazy, Provider, Scope, bind, current_scope, get_container, set_container


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


class Clock: ...


class Repo:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


def from_resolver(repo: Repo) -> Thing:
    return repo.thing


def from_lazy(thing: Lazy[Thing]) -> Thing:
    return thing()


def from_provider(thing: Provider[Thing]) -> Thing:
    return thing()


def from_singletons_provider(clock: Clock) -> Thing:
    return get_container().resolve(Thing)


def from_body() -> Thing:
    return get_container().resolve(Thing)


def from_nested_body() -> Thing:
    return bind(from_body)()


async def from_async_body() -> Thing:
    await asyncio.sleep(0)
    return await get_container().aresolve(Thing)


async def from_async_lazy(thing: Lazy[Thing]) -> Thing:
    return await thing.aget()


async def from_async_resolver(repo: Repo) -> Thing:
    await asyncio.sleep(0)
    return repo.thing


def iterated(repo: Repo) -> Iterator[Thing]:
    yield repo.thing
    yield get_container().resolve(Thing)


async def aiterated(thing: Lazy[Thing]) -> AsyncIterator[Thing]:
    yield thing()
    yield get_container().resolve(Thing)


SYNC = [from_resolver, from_lazy, from_provider, from_singletons_provider, from_body, from_nested_body]
ASYNC = [from_async_body, from_async_lazy, from_async_resolver]


@pytest.fixture
def log() -> list[str]:
    log: list[str] = []

    def thing() -> Iterator[Thing]:
        yield Thing()
        log.append("closed")

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SCOPED)
    container.register(Clock, scope=Scope.SINGLETON)
    container.register_factory(Repo, factory=lambda resolver: Repo(resolver.resolve(Thing)))
    set_container(container)
    return log


@pytest.mark.parametrize("function", SYNC, ids=lambda function: function.__name__)
def test_a_call_opens_a_scope_for_what_its_parameters_or_body_request(log: list[str], function: Any) -> None:
    bound = bind(function)

    made = [bound() for _ in range(3)]  # the first call runs other code than the later ones

    assert len(set(map(id, made))) == 3
    assert log == ["closed"] * 3
    with get_container().scope() as scope:
        assert bound() is bound() is scope.resolve(Thing)
    assert len(log) == 4


@pytest.mark.parametrize("function", ASYNC, ids=lambda function: function.__name__)
def test_an_async_call_opens_a_scope_for_what_its_parameters_or_body_request(log: list[str], function: Any) -> None:
    bound = bind(function)

    async def main() -> None:
        made = [await bound() for _ in range(3)]
        assert len(set(map(id, made))) == 3
        assert log == ["closed"] * 3
        async with get_container().scope() as scope:
            assert await bound() is await bound() is scope.resolve(Thing)
        assert len(log) == 4

    asyncio.run(main())


def test_bound_generators_open_a_scope_for_what_they_request(log: list[str]) -> None:
    async def main() -> list[Thing]:
        return [thing async for thing in bind(aiterated)()]

    for made in (list(bind(iterated)()), asyncio.run(main())):
        assert made[0] is made[1]
    assert log == ["closed"] * 2


@pytest.mark.parametrize("function", [from_resolver, from_lazy, from_provider], ids=lambda function: function.__name__)
def test_parameters_request_from_the_scope_of_a_call_that_keeps_it_to_itself(log: list[str], function: Any) -> None:
    bound = get_container().bind(function)

    made = [bound() for _ in range(3)]  # kept, since a freed object may leave its id to the next

    assert len(set(map(id, made))) == len(log) == 3


def test_the_scope_of_a_call_is_one_for_its_parameters_and_its_body(log: list[str]) -> None:
    @bind
    def function(repo: Repo, lazy: Lazy[Thing], direct: Thing) -> bool:
        return repo.thing is lazy() is direct is get_container().resolve(Thing)

    assert [function() for _ in range(3)] == [True] * 3


def test_a_call_opens_no_scope_where_the_container_has_no_scoped_services() -> None:
    container = Container({Thing: Thing})
    container.expect(Keeper)  # a value of scopes is not a service
    set_container(container)

    @bind
    def function(thing: Thing, lazy: Lazy[Thing]) -> object:
        return current_scope()

    assert [function() for _ in range(3)] == [None] * 3


def test_a_call_for_singletons_opens_no_scope(log: list[str]) -> None:
    @bind(scope=Scope.SINGLETON)
    def function(clock: Clock) -> object:
        return current_scope()

    assert [function() for _ in range(3)] == [None] * 3
