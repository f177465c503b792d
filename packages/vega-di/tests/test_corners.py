"""What happens seldom: contexts that change, managers that raise again, plans that run a second time."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextvars import copy_context
from typing import Any, Generic, NewType, Self, TypeVar

import pytest

from vega.di import (
    ConstructionError,
    Container,
    ContainerError,
    InvalidGeneratorError,
    InvalidKeyError,
    MissingProviderError,
    Provider,
    Resolver,
    Scope,
    ScopeClosedError,
    UnresolvedHintError,
    bind,
    current_scope,
    set_container,
)

T = TypeVar("T")
U = TypeVar("U")


class Thing: ...


class Other: ...


def test_a_scope_that_ends_in_a_copied_context_is_no_longer_ambient_there() -> None:
    scope = Container({Thing: Thing}).scope()

    def leave() -> object:
        scope.__exit__(None, None, None)
        return current_scope()

    def enter() -> object:
        scope.__enter__()
        return copy_context().run(leave)

    assert copy_context().run(enter) is None


def test_closing_a_container_inside_an_override_ends_both() -> None:
    container = Container({Thing: Thing})

    with container.override({Thing: Thing()}):
        container.close()

    with pytest.raises(Exception, match="VG212"):
        container.resolve(Thing)


class Again:
    """A context manager that raises what it was given."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            raise error


class AsyncAgain:
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            raise error


def test_a_manager_that_raises_the_error_of_the_body_again_adds_nothing() -> None:
    container = Container()
    container.register(Again, scope=Scope.SCOPED)
    container.register(AsyncAgain, scope=Scope.SCOPED)
    error = KeyError("body")

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(AsyncAgain)
            scope.resolve(Again)
            raise error

    with pytest.raises(KeyError) as caught, container.scope() as scope:  # noqa: PT012  # the body of the scope raises
        scope.resolve(Again)
        raise error
    assert caught.value is error
    with pytest.raises(KeyError) as caught:
        asyncio.run(main())
    assert caught.value is error
    assert getattr(error, "__notes__", []) == []


def test_an_async_generator_that_yields_twice_among_others_is_named() -> None:
    async def twice() -> AsyncIterator[Thing]:
        yield Thing()
        yield Thing()

    async def once() -> AsyncIterator[Other]:
        yield Other()

    container = Container()
    container.register_factory(Thing, twice, scope=Scope.SCOPED)
    container.register_factory(Other, once, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(Other)
            await scope.aresolve(Thing)

    with pytest.raises(InvalidGeneratorError, match="yielded a second value"):
        asyncio.run(main())


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


def test_a_large_async_plan_takes_what_the_scope_has_already() -> None:
    async def first() -> Thing:
        await asyncio.sleep(0)
        return Thing()

    container = Container()
    container.register_factory(Thing, first, scope=Scope.SCOPED)
    classes: list[type] = [Thing]
    for number in range(200):

        def start(self: Any, below: Any) -> None:
            self.below = below

        start.__annotations__ = {"below": classes[-1]}
        classes.append(type(f"Link{number}", (), {"__init__": start}))
        container.register(classes[-1], scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            low = await scope.aresolve(classes[100])
            each = await scope.aresolve(classes[-1])
            for _ in range(100):
                each = each.below
            assert each is low

    asyncio.run(main())


def test_an_implementation_with_a_variable_that_nothing_settles_provides_nothing() -> None:
    class Repo(Generic[T]): ...

    class Two(Repo[T], Generic[T, U]): ...

    container = Container()
    container.register(Repo, Two)

    with pytest.raises((MissingProviderError, ContainerError)):
        container.resolve(Repo[int])


def test_bound_functions_whose_callers_give_what_has_no_type_are_no_mistake() -> None:
    container = Container({Thing: Thing})

    def work(given, thing: Thing) -> Any:  # type: ignore[no-untyped-def]  # that is the case
        return given, thing

    bound = container.bind(work)
    container.validate()

    assert bound(3)[0] == 3
    assert dict(container.injected(lambda number, thing: None)) == {}


def test_parameters_that_nothing_provides_are_not_told_as_injected() -> None:
    def work(thing: Thing, other: Other, count: int) -> None: ...

    assert dict(Container({Thing: Thing}).injected(work)) == {"thing": Thing}


def test_a_class_with_one_parameter_without_a_type_is_named() -> None:
    class Vague:
        def __init__(self, what) -> None: ...  # type: ignore[no-untyped-def]  # that is the case

    with pytest.raises(ContainerError) as caught:
        Container({Vague: Vague}).validate()

    (error,) = caught.value.exceptions
    assert isinstance(error, UnresolvedHintError)
    assert "what" in str(error)


def test_a_diagram_without_inactive_services_styles_none() -> None:
    assert "inactive" not in Container({Thing: Thing}).graph().to_mermaid()


def test_only_concrete_subclasses_are_suggested() -> None:
    class Port(ABC):
        @abstractmethod
        def work(self) -> None: ...

    class Partial(Port):
        pass

    with pytest.raises(MissingProviderError) as caught:
        Container({Thing: Thing}).resolve(Port)

    assert Partial.__name__ not in caught.value.fix


def test_a_hashable_looking_key_that_is_not_is_named() -> None:
    with pytest.raises(InvalidKeyError):
        Container({Thing: Thing}).resolve([Thing])


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


def test_resources_opened_before_a_constructor_fails_in_a_reserved_batch_are_closed() -> None:
    log: list[str] = []

    def opened() -> Iterator[Thing]:
        yield Thing()
        log.append("never")

    def guarded() -> Iterator[Thing]:
        try:
            yield from opened()
        finally:
            log.append("closed")

    class Broken:
        def __init__(self, thing: Thing) -> None:
            raise OSError

    container = Container()
    container.register_factory(Thing, guarded, scope=Scope.SCOPED)
    container.register(Broken, scope=Scope.SCOPED)
    with container.scope() as scope:
        for _ in range(2):
            with pytest.raises(ConstructionError):
                scope.resolve(Broken)
        assert log == []
    assert log == ["never", "closed"]


def test_a_condition_is_not_asked_again_for_an_override() -> None:
    asked: list[int] = []
    container = Container({Other: Other})
    container.register(Thing, when=lambda: asked.append(1) or True)  # type: ignore[func-returns-value]  # counts
    container.resolve(Thing)

    with container.override({Other: Other()}):
        container.resolve(Thing)

    assert asked == [1]


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


def test_a_missing_key_that_every_class_implements_suggests_none() -> None:
    with pytest.raises(MissingProviderError) as caught:
        Container({Thing: Thing}).resolve(object)

    assert "did you mean" not in str(caught.value)


def test_names_of_keys_that_are_no_classes_do_not_help_to_read_hints() -> None:
    UserId = NewType("UserId", int)

    class Reader:
        def __init__(self, thing: "Thing", number: UserId) -> None:
            self.parts = thing, number

    container = Container({Thing: Thing, Reader: Reader})
    container.register_factory(UserId, lambda: UserId(7))

    assert container.resolve(Reader).parts[1] == 7


def test_a_resource_that_opens_while_its_scope_ends_is_closed_at_once() -> None:
    log: list[str] = []
    container = Container()
    scope = container.scope()

    def open_thing() -> Iterator[Thing]:
        scope.__exit__(None, None, None)
        yield Thing()
        log.append("closed")

    container.register_factory(Thing, open_thing, scope=Scope.SCOPED)
    container.register(Other, scope=Scope.SCOPED)
    scope.__enter__()
    scope.resolve(Other)
    with pytest.raises(ScopeClosedError):
        scope.resolve(Thing)

    assert log == ["closed"]
