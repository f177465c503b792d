"""Corners: what a reader of the source would ask about, one by one."""

import asyncio
import contextvars
import sys
import threading
from abc import ABCMeta
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Generic, Protocol, TypeVar

import pytest

import vega.di
from vega.di import (
    AsyncRequiredError,
    ConstructionError,
    Container,
    ContainerError,
    Inject,
    InvalidInstanceError,
    InvalidKeyError,
    Lazy,
    MissingProviderError,
    Scope,
    ScopeClosedError,
    ScopeRequiredError,
    current_scope,
    missing,
    profile,
)

T = TypeVar("T")
K = TypeVar("K")


class Thing: ...


class Other:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


def test_an_async_scope_can_be_left_in_another_context() -> None:
    container = Container({Thing: Thing})

    async def main() -> None:
        scope = container.scope()
        task = asyncio.get_running_loop().create_task(scope.__aenter__(), context=contextvars.copy_context())
        await task
        await scope.__aexit__(None, None, None)
        with pytest.raises(ScopeClosedError):
            scope.resolve(Thing)

    asyncio.run(main())
    assert current_scope() is None


def test_a_local_override_can_be_left_in_another_context() -> None:
    container = Container({Thing: Thing})
    override = container.override({Thing: Thing()}, local=True)

    contextvars.copy_context().run(override.__enter__)
    override.__exit__(None, None, None)

    assert isinstance(container.resolve(Thing), Thing)


def test_an_override_of_a_broken_container_leaves_no_trace() -> None:
    container = Container({Other: Other})

    for local in (False, True):
        with pytest.raises(ContainerError), container.override({int: 3}, local=local):
            pytest.fail("the block must not run")

    container.register(Thing)
    assert isinstance(container.resolve(Other), Other)


def test_an_override_repairs_what_was_missing() -> None:
    container = Container({Other: Other})
    container.register(Thing, when=False)
    fake = Thing()

    with pytest.raises(ContainerError):
        container.validate()
    container.register(Thing, replace=True)
    with container.override({Thing: fake}):
        assert container.resolve(Other).thing is fake


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


def test_a_container_is_an_async_context_manager() -> None:
    async def main() -> Container:
        async with Container({Thing: Thing}) as container:
            container.resolve(Thing)
        return container

    with pytest.raises(vega.di.ContainerClosedError):
        asyncio.run(main()).resolve(Thing)


def test_a_wrong_object_with_the_methods_of_a_protocol_on_itself_is_accepted() -> None:
    class Shape(Protocol):
        def area(self) -> float: ...

    class Dynamic:
        def __init__(self) -> None:
            self.area = lambda: 2.0

    container = Container()
    container.register_factory(Shape, lambda: Dynamic())  # noqa: PLW0108  # says nothing about what it gives

    assert container.resolve(Shape).area() == 2.0


def test_a_factory_of_object_may_give_anything() -> None:
    container = Container()
    container.register_factory(object, lambda: "text")

    assert container.resolve(object) == "text"


def test_an_async_transient_is_awaited_in_the_middle_of_a_plan() -> None:
    async def thing() -> Thing:
        return Thing()

    container = Container({Other: Other})
    container.register_factory(Thing, thing)

    async def main() -> None:
        assert isinstance((await container.aresolve(Other)).thing, Thing)
        async with container.scope() as scope:
            assert isinstance((await scope.aresolve(Other)).thing, Thing)

    asyncio.run(main())


def test_the_container_awaits_scoped_services_of_the_ambient_scope() -> None:
    async def thing() -> Thing:
        return Thing()

    container = Container({Other: Other})
    container.register_factory(Thing, thing, scope=Scope.SCOPED)

    async def main() -> None:
        with pytest.raises(ScopeRequiredError):
            await container.aresolve(Other)
        async with container.scope() as scope:
            assert (await container.aresolve(Other)).thing is await scope.aresolve(Thing)

    asyncio.run(main())


def test_a_keyword_only_singleton_of_singletons_is_made() -> None:
    class Keyword:
        def __init__(self, *, thing: Thing) -> None:
            self.thing = thing

    container = Container()
    container.register(Thing, scope=Scope.SINGLETON)
    container.register(Keyword, scope=Scope.SINGLETON)

    assert container.resolve(Keyword).thing is container.resolve(Thing)


def test_an_error_of_the_body_reaches_an_async_context_manager() -> None:
    seen: list[Any] = []

    class Managed:
        async def __aenter__(self) -> "Managed":  # noqa: PYI034  # closed over
            return self

        async def __aexit__(self, *error: object) -> None:
            seen.append(error[0])

    container = Container()
    container.register(Managed, scope=Scope.SCOPED)

    async def main() -> None:
        async with container.scope() as scope:
            await scope.aresolve(Managed)
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(main())

    assert seen == [KeyError]


def test_two_urgent_failures_leave_the_first_with_a_note_of_the_others() -> None:
    def failing(error: type[BaseException], cls: type) -> Any:
        def make() -> Iterator[Any]:
            try:
                yield cls()
            finally:
                raise error

        return make

    class Third: ...

    container = Container()
    for cls, error in ((Thing, KeyboardInterrupt), (Third, ValueError), (dict, SystemExit)):
        container.register_factory(cls, failing(error, cls), scope=Scope.SCOPED)

    with pytest.raises(SystemExit) as caught, container.scope() as scope:  # noqa: PT012  # the body of the scope
        for cls in (Thing, Third, dict):
            scope.resolve(cls)

    assert [("KeyboardInterrupt" in note, "ValueError" in note) for note in caught.value.__notes__] == [
        (True, False),
        (False, True),
    ]


def test_an_async_resource_that_needs_no_loop_is_closed_synchronously() -> None:
    log = []

    async def thing() -> AsyncIterator[Thing]:
        yield Thing()
        log.append("closed")

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SINGLETON)
    asyncio.run(container.aresolve(Thing))

    container.close()

    assert log == ["closed"]


def test_generic_keys_that_do_not_fit_are_missing() -> None:
    class Repo(Generic[T]): ...

    class Pair(Generic[K, T]): ...

    class Nested(Repo[list[T]]): ...

    class Far(Pair[T, int]): ...

    class Unrelated(Generic[T]): ...

    container = Container()
    container.register(Repo, Nested)
    container.register(Pair, Far)

    assert type(container.resolve(Repo[list[int]])) is Nested
    with pytest.raises(MissingProviderError):
        container.resolve(Repo[dict[str, int]])
    assert type(container.resolve(Pair[str, int])) is Far
    with pytest.raises(MissingProviderError):
        container.resolve(Pair[str, str])
    other = Container()
    other.register(Repo, Unrelated)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(MissingProviderError):
        other.resolve(Repo[int])


def test_a_factory_without_annotations_answers_no_closed_generic() -> None:
    class Repo(Generic[T]): ...

    container = Container()
    container.register_factory(Repo, lambda: Repo())  # noqa: PLW0108  # a function, not a class

    assert type(container.resolve(Repo)) is Repo
    with pytest.raises(MissingProviderError):
        container.resolve(Repo[int])


def test_a_key_whose_metadata_cannot_be_hashed_is_a_named_error() -> None:
    with pytest.raises(InvalidKeyError):
        Container({Thing: Thing}).resolve(Annotated[Thing, []])
    with pytest.raises(InvalidKeyError):
        Container().register(Annotated[Thing, []], Thing)


def test_annotated_keys_are_written_in_full_in_errors() -> None:
    with pytest.raises(MissingProviderError, match=r"Annotated\[Thing, 'read'\]"):
        Container().resolve(Annotated[Thing, "read"])


def test_a_union_of_two_types_is_no_wish() -> None:
    class Needs:
        def __init__(self, either: Thing | int | None) -> None: ...

    with pytest.raises(ContainerError):
        Container({Needs: Needs, Thing: Thing}).validate()


def test_a_class_whose_metaclass_refuses_issubclass_is_taken_at_its_word() -> None:
    class Odd(ABCMeta):
        def __subclasscheck__(cls, subclass: type) -> bool:
            raise TypeError

    class Key(metaclass=Odd): ...

    container = Container()
    container.register(Key, Thing)  # type: ignore[arg-type]  # cannot be known

    assert isinstance(container.resolve(Key), Thing)


def test_a_return_type_that_cannot_be_read_is_left_to_the_run() -> None:
    def make() -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821  # the point
        return Thing()

    container = Container()
    container.register_factory(Thing, make)

    assert isinstance(container.resolve(Thing), Thing)


def test_a_factory_may_declare_a_base_class() -> None:
    def make() -> object:
        return Thing()

    class Base: ...

    class Derived(Base): ...

    def make_base() -> Base:
        return Derived()

    container = Container()
    container.register_factory(Thing, make)
    container.register_factory(Derived, make_base)

    assert isinstance(container.resolve(Thing), Thing)
    assert isinstance(container.resolve(Derived), Derived)


def test_a_decorator_takes_its_service_without_a_type_beside_others() -> None:
    class Around(Thing):
        def __init__(self, inner, other: int = 3) -> None:  # type: ignore[no-untyped-def]  # the point
            self.inner = inner

    container = Container({Thing: Thing})
    container.decorate(Thing, Around)

    found: Any = container.resolve(Thing)

    assert type(found.inner) is Thing


def test_a_parameter_without_a_type_may_have_a_default() -> None:
    class Loose:
        def __init__(self, thing: Thing, option=3) -> None:  # type: ignore[no-untyped-def]  # the point
            self.option = option

    assert Container({Loose: Loose, Thing: Thing}).resolve(Loose).option == 3


def test_missing_conditions_keep_the_order_of_registration() -> None:
    class Late(Thing): ...

    container = Container()
    container.register(Thing, Late, name="first", when=missing(Other))
    container.register(Thing, name="second")

    assert list(container.resolve(vega.di.All[Thing])) != []
    assert [type(each) for each in container.resolve(vega.di.All[Thing])] == [Late, Thing]


def test_expecting_twice_changes_nothing() -> None:
    container = Container()
    container.register(Thing, scope=Scope.SCOPED)
    container.expect(Thing)
    container.expect(Thing)

    with container.scope() as scope:
        assert isinstance(scope.resolve(Thing), Thing)


def test_names_of_the_lazy_facade_are_real() -> None:
    assert vega.di.GraphView.__name__ == "GraphView"
    with pytest.raises(AttributeError, match="nothing_such"):
        vega.di.nothing_such  # noqa: B018  # the point


def test_markers_are_readable() -> None:
    assert repr(Inject[Thing]).endswith("Inject]")
    assert repr(Container().scope()).startswith("<scope of <vega.di")


def test_a_bound_function_may_fail_in_more_than_one_way() -> None:
    class A: ...

    class B: ...

    def work(a: Inject[A], b: Inject[B]) -> None: ...

    bound = Container().bind(work)

    with pytest.raises(ContainerError) as caught:
        bound()

    assert len(caught.value.exceptions) == 2


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

    async def atwice() -> AsyncIterator[Other]:
        yield Other(Thing())
        yield Other(Thing())

    container = Container()
    container.register_factory(Thing, twice, scope=Scope.SCOPED)
    container.register_factory(Other, atwice, scope=Scope.SCOPED)

    def work(thing: Thing) -> None: ...

    async def awork(other: Other) -> None: ...

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


def test_waiting_threads_get_the_error_of_a_fresh_scope_and_the_next_call_builds() -> None:
    started, release = threading.Event(), threading.Event()
    calls: list[int] = []
    outcomes: list[str] = []

    def thing() -> Iterator[Thing]:
        calls.append(1)
        if len(calls) == 1:
            started.set()
            release.wait(5)
            raise OSError
        yield Thing()

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SCOPED)
    container.validate()

    with container.scope() as scope:

        def first() -> None:
            with pytest.raises(ConstructionError) as caught:
                scope.resolve(Thing)
            outcomes.append(type(caught.value.__cause__).__name__)

        def second() -> None:
            started.wait(5)
            threading.Timer(0.05, release.set).start()
            try:
                scope.resolve(Thing)
            except ConstructionError as error:
                outcomes.append(type(error.__cause__).__name__)
            else:
                outcomes.append("OSError or built")

        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert isinstance(scope.resolve(Thing), Thing)

    assert len(outcomes) == 2
    assert all("OSError" in each for each in outcomes)


def test_instances_that_do_not_fit_are_refused_as_values_of_a_scope() -> None:
    container = Container()
    container.expect(Thing)

    with pytest.raises(InvalidInstanceError):
        container.scope({Thing: None})


def test_conditions_of_profiles_name_the_active_ones() -> None:
    container = Container(profiles=["a", "b"])
    container.register(Thing, when=profile("c"))

    with pytest.raises(MissingProviderError, match="active: a, b"):
        container.resolve(Thing)


def test_async_only_singletons_are_refused_until_they_are_built() -> None:
    async def thing() -> Thing:
        return Thing()

    container = Container()
    container.register_factory(Thing, thing, scope=Scope.SINGLETON)
    container.register(Other, scope=Scope.SINGLETON)

    with pytest.raises(AsyncRequiredError, match="Thing has to be awaited"):
        container.resolve(Other)
    other = asyncio.run(container.aresolve(Other))

    assert container.resolve(Other) is other
    assert sys.version_info >= (3, 11)
