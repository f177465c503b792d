"""Bad input: each mistake is a named error, never a hang and never silence."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, Protocol

import pytest

from vega.di import (
    AsyncRequiredError,
    CircularDependencyError,
    Container,
    ContainerError,
    InjectionError,
    InvalidInstanceError,
    InvalidKeyError,
    InvalidRegistrationError,
    MissingProviderError,
    Named,
    Resolver,
    Scope,
    UnresolvedHintError,
    WrongImplementationError,
    bind,
)


class Thing: ...


class Port(ABC):
    @abstractmethod
    def work(self) -> None: ...


class Shape(Protocol):
    def area(self) -> float: ...


def make_thing():  # type: ignore[no-untyped-def]  # says nothing about what it gives
    return Thing()


HOSTILE = ["'); import os; os.abort(); ('", '"""', "\n    raise SystemExit", "{0}", "%s", "\\", "", "\x00", "名前"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_never_reach_generated_code(name: str) -> None:
    class Needs:
        def __init__(self, thing: Annotated[Thing, Named(name)]) -> None:
            self.thing = thing

    container = Container()
    container.register_named(Thing, name, Thing)
    container.register(Needs)
    hostile = type(f"X{name.replace(chr(0), '')}", (), {})
    container.register(hostile, scope=Scope.SCOPED)

    assert isinstance(container.resolve(Needs).thing, Thing)
    assert isinstance(container.resolve(Thing, name=name), Thing)
    source = container.plan_source(Needs)
    compile(source, "plan", "exec")
    assert "import os" not in source
    with container.scope() as scope:
        assert type(scope.resolve(hostile)) is hostile


@pytest.mark.parametrize("key", [1, "Thing", None, Thing(), [Thing], Thing | None])
def test_a_key_that_is_not_a_type_is_a_named_error(key: Any) -> None:
    with pytest.raises(InvalidKeyError):
        Container().register(key, Thing)
    with pytest.raises(InvalidKeyError):
        Container().resolve(key)


def test_what_cannot_be_called_cannot_be_registered() -> None:
    with pytest.raises(InvalidRegistrationError, match="register_instance"):
        Container().register(Thing, Thing())  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("given", [None, "text"])
def test_a_factory_that_gives_nothing_or_the_wrong_type_is_a_named_error(scope: Scope, given: Any) -> None:
    container = Container()
    container.register_factory(Thing, lambda: given, scope=scope)

    with container.scope() as opened, pytest.raises(InvalidInstanceError, match="which is not a Thing"):
        opened.resolve(Thing)


def test_an_async_factory_that_gives_the_wrong_type_is_a_named_error() -> None:
    async def make() -> Any:
        return "text"

    container = Container()
    container.register_factory(Thing, make, scope=Scope.SINGLETON)

    with pytest.raises(InvalidInstanceError):
        asyncio.run(container.aresolve(Thing))


def test_a_factory_that_gives_an_object_without_the_methods_of_a_protocol_is_a_named_error() -> None:
    container = Container()
    container.register_factory(Shape, make_thing)

    with pytest.raises(InvalidInstanceError, match="lacks area"):
        container.resolve(Shape)


def test_a_factory_that_asks_for_itself_is_a_cycle() -> None:
    container = Container()
    container.register_factory(Thing, lambda sp: sp.resolve(Thing), scope=Scope.SINGLETON)

    with pytest.raises(CircularDependencyError, match="requested while it is being built"):
        container.resolve(Thing)


def test_a_scoped_factory_that_asks_for_itself_is_a_cycle() -> None:
    container = Container()
    container.register_factory(Thing, lambda sp: sp.resolve(Thing), scope=Scope.SCOPED)

    with container.scope() as scope, pytest.raises(CircularDependencyError):
        scope.resolve(Thing)


def test_a_transient_factory_that_asks_for_itself_is_a_cycle() -> None:
    container = Container()
    container.register_factory(Thing, lambda sp: sp.resolve(Thing))

    with pytest.raises(CircularDependencyError):
        container.resolve(Thing)


def test_an_async_factory_that_asks_for_itself_is_a_cycle_within_a_second() -> None:
    async def make(resolver: Resolver) -> Thing:
        return await resolver.aresolve(Thing)

    async def ask_in_a_child(resolver: Resolver) -> Port:
        found, _ = await asyncio.gather(resolver.aresolve(Port), asyncio.sleep(0))
        return found

    container = Container()
    container.register_factory(Thing, make, scope=Scope.SINGLETON)
    container.register_factory(Port, ask_in_a_child, scope=Scope.SINGLETON)

    for key in (Thing, Port):
        with pytest.raises(CircularDependencyError):
            asyncio.run(asyncio.wait_for(container.aresolve(key), 1))


def test_a_scoped_generator_that_asks_the_ambient_scope_for_itself_is_a_cycle() -> None:
    container = Container()

    def make() -> Any:
        container.resolve(Thing)
        yield Thing()

    container.register_factory(Thing, make, scope=Scope.SCOPED)

    with container.scope() as scope, pytest.raises(CircularDependencyError):
        scope.resolve(Thing)


def test_factories_may_ask_the_resolver_for_others() -> None:
    class Other:
        def __init__(self, thing: Thing) -> None:
            self.thing = thing

    container = Container()
    container.register(Thing, scope=Scope.SINGLETON)
    container.register_factory(Other, lambda sp: Other(sp.resolve(Thing)), scope=Scope.SINGLETON)

    assert container.resolve(Other).thing is container.resolve(Thing)


def test_abstract_classes_and_protocols_cannot_be_constructed() -> None:
    container = Container()
    container.register(Port)
    container.register(Shape)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert [type(error) for error in caught.value.exceptions] == [InvalidRegistrationError] * 2


def test_a_class_that_does_not_fit_its_key_is_found_at_build() -> None:
    container = Container()
    container.register(Port, Thing)  # type: ignore[arg-type]  # the mistake under test
    container.register(Shape, Thing)  # type: ignore[arg-type]  # the mistake under test

    with pytest.raises(ContainerError) as caught:
        container.validate()

    texts = [str(error) for error in caught.value.exceptions]
    assert all(isinstance(error, WrongImplementationError) for error in caught.value.exceptions)
    assert "not a subclass of Port" in texts[0]
    assert "lacks area" in texts[1]


def returns_thing() -> Thing:
    return Thing()


def returns_none() -> None: ...


@pytest.mark.parametrize("factory", [returns_thing, returns_none])
def test_a_factory_whose_return_type_does_not_fit_is_found_at_build(factory: Callable[[], Any]) -> None:
    container = Container()
    container.register_factory(Port, factory)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert isinstance(caught.value.exceptions[0], WrongImplementationError)


def test_sync_code_that_asks_for_an_async_service_is_told_which_one() -> None:
    class Client:
        def __init__(self, thing: Thing) -> None: ...

    async def thing() -> Thing:
        return Thing()

    container = Container()
    container.register_factory(Thing, thing)
    container.register(Client)

    with pytest.raises(AsyncRequiredError, match=r"Client -> Thing"):
        container.resolve(Client)
    with container.scope() as scope, pytest.raises(AsyncRequiredError):
        scope.resolve(Client)


def test_a_sync_entry_point_that_needs_an_async_service_is_found_by_validate() -> None:
    async def thing() -> Thing:
        return Thing()

    container = Container()
    container.register_factory(Thing, thing)
    container.bind(lambda thing: thing, given=())

    def entry(thing: Thing) -> None: ...

    container.bind(entry, given=())

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert {type(error) for error in caught.value.exceptions} == {UnresolvedHintError, AsyncRequiredError}


def test_parameters_without_a_type_are_named() -> None:
    class Untyped:
        def __init__(self, what, ever) -> None: ...  # type: ignore[no-untyped-def]  # the mistake under test

    container = Container()
    container.register(Untyped)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert "parameter 'what' of Untyped has no type" in str(caught.value.exceptions[0])


def test_builtin_types_are_injected_only_when_marked() -> None:
    class Url:
        def __init__(self, url: str) -> None: ...

    class Marked:
        def __init__(self, url: Annotated[str, Named("url")], retries: int = 3) -> None:
            self.url, self.retries = url, retries

    container = Container()
    container.register_instance(str, "https://example.org", name="url")
    container.register_instance(int, 5)
    container.register(Marked)

    assert container.resolve(Marked).url == "https://example.org"
    assert container.resolve(Marked).retries == 3
    container.register(Url)
    with pytest.raises(ContainerError):
        container.validate()


def test_none_is_never_a_service() -> None:
    with pytest.raises(InvalidRegistrationError):
        Container().register_instance(Thing, None)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidInstanceError), Container().override({Thing: None}):
        pass


def test_a_condition_that_is_none_is_a_named_error() -> None:
    container = Container()
    container.register(Thing, when=3)  # type: ignore[call-overload]  # the mistake under test

    with pytest.raises(InvalidRegistrationError, match="when=3"):
        container.validate()


def test_a_class_cannot_be_bound() -> None:
    with pytest.raises(InvalidRegistrationError, match="cannot be bound"):
        bind(Thing)


def test_resolving_what_nobody_registered_says_what_to_write() -> None:
    class Thinf: ...

    container = Container({Thing: Thing})

    with pytest.raises(MissingProviderError) as caught:
        container.resolve(Thinf)

    assert "did you mean Thing?" in str(caught.value)
    assert isinstance(caught.value, InjectionError)


def test_a_builtin_type_that_nobody_registered_says_that_it_has_to_be_marked() -> None:
    class Server:
        def __init__(self, port: int) -> None: ...

    container = Container({Server: Server})

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert "container.register_instance(int, ...) and Annotated[int, Inject]" in str(caught.value.exceptions[0])


def test_a_decorator_without_a_place_for_the_service_is_a_named_error() -> None:
    container = Container({Thing: Thing})

    def around(other: Port) -> Thing:
        return Thing()

    container.decorate(Thing, around)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert "takes no Thing" in str(caught.value)
