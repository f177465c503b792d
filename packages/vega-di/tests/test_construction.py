"""A constructor or factory that raises gives a named error with the path, the place, and what it raised as cause."""

import asyncio
import pickle
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self

import pytest

from vega.di import (
    CircularDependencyError,
    ConstructionError,
    Container,
    Lazy,
    MissingProviderError,
    Provider,
    Resolver,
    Scope,
    bind,
    set_container,
)


class BoomError(Exception): ...


class Part: ...


class Middle:
    def __init__(self, part: Part) -> None:
        self.part = part


class Top:
    def __init__(self, middle: Middle) -> None:
        self.middle = middle


def plain() -> Part:
    raise BoomError


async def awaited() -> Part:
    await asyncio.sleep(0)
    raise BoomError


def generator() -> Iterator[Part]:
    raise BoomError
    yield Part()


async def async_generator() -> AsyncIterator[Part]:
    raise BoomError
    yield Part()


def by_resolver(resolver: Resolver) -> Part:
    raise BoomError


class Entered(Part):
    def __enter__(self) -> Self:
        raise BoomError

    def __exit__(self, *_: object) -> None: ...


class AsyncEntered(Part):
    async def __aenter__(self) -> Self:
        raise BoomError

    async def __aexit__(self, *_: object) -> None: ...


FACTORIES: list[Callable[..., Any]] = [plain, generator, by_resolver, Entered]
ASYNC: list[Callable[..., Any]] = [awaited, async_generator, AsyncEntered]


def make(factory: Callable[..., Any], scope: Scope) -> Container:
    container = Container({Middle: Middle, Top: Top})
    if isinstance(factory, type):
        container.register(Part, factory, scope=scope)
    else:
        container.register_factory(Part, factory, scope=scope)
    return container


def check(error: ConstructionError, factory: Callable[..., Any]) -> None:
    assert isinstance(error.__cause__, BoomError)
    assert error.code == "VG215"
    assert error.what == f"{factory.__name__} raised BoomError while it made Part"
    assert "test_construction.py:" in error.where
    assert "Part" in error.where


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("factory", FACTORIES)
def test_every_kind_of_factory_that_raises_is_named(factory: Callable[..., Any], scope: Scope) -> None:
    container = make(factory, scope)

    for _ in range(2):
        with pytest.raises(ConstructionError) as caught, container.scope() as opened:
            opened.resolve(Top)
        check(caught.value, factory)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("factory", [*FACTORIES, *ASYNC])
def test_every_kind_of_factory_that_raises_is_named_when_awaited(factory: Callable[..., Any], scope: Scope) -> None:
    container = make(factory, scope)

    async def main() -> None:
        async with container.scope() as opened:
            await opened.aresolve(Top)

    for _ in range(2):
        with pytest.raises(ConstructionError) as caught:
            asyncio.run(main())
        check(caught.value, factory)


def test_the_path_leads_from_what_was_asked_to_what_failed() -> None:
    container = make(plain, Scope.TRANSIENT)

    with pytest.raises(ConstructionError, match=r"where: Top -> Middle -> Part \(plain\), registered at"):
        container.resolve(Top)


def test_a_constructor_that_is_no_python_code_is_named_too() -> None:
    class Number(int): ...

    container = Container()
    container.register_factory(Number, lambda: Number("x"))
    with pytest.raises(ConstructionError, match="raised ValueError"):
        container.resolve(Number)


def test_what_the_body_of_a_bound_function_raises_stays_as_it_is() -> None:
    container = Container({Middle: Middle, Part: Part})
    container.register(Top, scope=Scope.SCOPED)
    set_container(container)

    def work(top: Top) -> None:
        raise BoomError

    async def awork(top: Top) -> None:
        raise BoomError

    for function in (bind(work), bind(ambient=False)(work), container.bind(work)):
        for _ in range(3):
            with pytest.raises(BoomError):
                function()
    for coroutine in (bind(awork), bind(ambient=False)(awork), container.bind(awork)):
        for _ in range(3):
            with pytest.raises(BoomError):
                asyncio.run(coroutine())


@pytest.mark.parametrize("scope", Scope)
def test_a_bound_function_names_the_parameter_that_could_not_be_built(scope: Scope) -> None:
    container = make(plain, scope)
    set_container(container)

    def work(middle: Middle) -> None: ...

    for function in (bind(work), bind(ambient=False)(work), container.bind(work)):
        for _ in range(3):
            with pytest.raises(ConstructionError) as caught:
                function()
            check(caught.value, plain)


def test_resources_see_what_was_raised_and_are_closed_before_it_is_named() -> None:
    seen: list[str] = []

    class Session: ...

    def session() -> Iterator[Session]:
        try:
            yield Session()
        except BoomError:
            seen.append("BoomError")
            raise

    class Broken:
        def __init__(self, session: Session) -> None:
            raise BoomError

    container = Container({Broken: Broken})
    container.register_factory(Session, session, scope=Scope.SCOPED)
    set_container(container)

    def work(broken: Broken) -> None: ...

    for function in (container.bind(work), bind(work), container.bind(work)):
        with pytest.raises(ConstructionError, match="Broken raised BoomError"):
            function()

    assert seen == ["BoomError"] * 3


def test_lazy_and_provider_name_what_failed_when_they_are_called() -> None:
    class Holder:
        def __init__(self, lazy: Lazy[Part], provider: Provider[Part]) -> None:
            self.lazy, self.provider = lazy, provider

    container = Container({Holder: Holder})
    container.register_factory(Part, plain, scope=Scope.SCOPED)
    with container.scope() as scope:
        held = scope.resolve(Holder)
        for ask in (held.lazy, held.provider):
            with pytest.raises(ConstructionError):
                ask()
    other = Container({Holder: Holder})
    other.register_factory(Part, plain)

    async def main() -> None:
        await other.resolve(Holder).provider.aget()

    with pytest.raises(ConstructionError):
        other.resolve(Holder).lazy()
    with pytest.raises(ConstructionError):
        asyncio.run(main())


def test_an_error_that_is_named_already_is_not_wrapped_again() -> None:
    class Unknown: ...

    def part(resolver: Resolver) -> Part:
        resolver.resolve(Unknown)
        return Part()

    container = Container({Middle: Middle})
    container.register_factory(Part, part)

    with pytest.raises(MissingProviderError):
        container.resolve(Middle)


@pytest.mark.parametrize("scope", Scope)
def test_urgent_errors_pass_unchanged(scope: Scope) -> None:
    def part() -> Part:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), make(part, scope).scope() as opened:
        opened.resolve(Top)


def test_a_constructor_that_recurses_without_end_is_no_cycle_of_the_container() -> None:
    def part() -> Part:
        return part()

    for scope in (Scope.TRANSIENT, Scope.SINGLETON):
        with pytest.raises(ConstructionError, match="part raised RecursionError"):
            make(part, scope).resolve(Top)


def test_two_factories_that_ask_for_one_another_are_a_cycle() -> None:
    container = Container()
    container.register_factory(Part, lambda sp: sp.resolve(Middle).part)
    container.register_factory(Middle, lambda sp: Middle(sp.resolve(Part)))

    with pytest.raises(CircularDependencyError):
        container.resolve(Part)


def test_the_error_pickles() -> None:
    with pytest.raises(ConstructionError) as caught:
        make(plain, Scope.TRANSIENT).resolve(Top)

    again = pickle.loads(pickle.dumps(caught.value))

    assert (type(again), str(again)) == (ConstructionError, str(caught.value))


def test_threads_that_wait_for_a_singleton_all_learn_what_failed() -> None:
    gate = threading.Barrier(4)
    found: list[BaseException | None] = []

    def part() -> Part:
        raise BoomError

    container = make(part, Scope.SINGLETON)
    container.validate()

    def ask() -> None:
        gate.wait(10)
        try:
            container.resolve(Top)
        except ConstructionError as error:
            found.append(error.__cause__)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert [type(each) for each in found] == [BoomError] * 4
