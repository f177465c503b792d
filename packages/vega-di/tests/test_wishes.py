"""What a parameter can wish for: all, by name, later, perhaps, decorated, under another word."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Optional

import pytest

from vega.di import (
    All,
    AmbiguousProviderError,
    AsyncRequiredError,
    Container,
    ContainerError,
    Inject,
    Lazy,
    Named,
    Provider,
    Resolver,
    Scope,
)


class Check: ...


class Disk(Check): ...


class Net(Check): ...


class Thing: ...


def checks() -> Container:
    container = Container()
    container.register(Check, Disk)
    container.register_named(Check, "net", Net)
    return container


def test_all_gives_every_implementation_in_order_of_registration() -> None:
    class Health:
        def __init__(self, checks: All[Check]) -> None:
            self.checks = checks

    container = checks()
    container.register(Health)

    found = container.resolve(Health).checks

    assert isinstance(found, All)
    assert [type(each) for each in found] == [Disk, Net]


def test_all_of_nothing_is_empty() -> None:
    assert container_all(Container()) == ()


def container_all(container: Container) -> Any:
    return container.resolve(All[Check])


def test_a_mapping_gives_every_implementation_by_name() -> None:
    class Health:
        def __init__(self, checks: Mapping[str, Check]) -> None:
            self.checks = checks

    container = checks()
    container.register(Health)

    found = container.resolve(Health).checks

    assert {name: type(each) for name, each in found.items()} == {"Disk": Disk, "net": Net}
    with pytest.raises(TypeError):
        found["more"] = Disk()  # type: ignore[index]  # it cannot be changed


def test_named_picks_one() -> None:
    class Picks:
        def __init__(self, check: Annotated[Check, Named("net")]) -> None:
            self.check = check

    container = checks()
    container.register(Picks)

    assert type(container.resolve(Picks).check) is Net
    assert type(container.resolve(Annotated[Check, Named("net")])) is Net


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


def test_provider_asks_anew_at_each_call() -> None:
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


def test_optional_parameters_get_none_or_the_service() -> None:
    class Perhaps:
        def __init__(self, thing: Thing | None, check: Optional[Check]) -> None:  # noqa: UP045  # both spellings
            self.thing, self.check = thing, check

    without, with_ = Container({Perhaps: Perhaps}), Container({Perhaps: Perhaps, Thing: Thing})

    assert without.resolve(Perhaps).thing is None
    assert isinstance(with_.resolve(Perhaps).thing, Thing)
    assert with_.resolve(Perhaps).check is None


def test_defaults_stay_where_nothing_is_registered() -> None:
    default = Thing()

    class Has:
        def __init__(self, thing: Thing = default, *, more: Thing = default, count: int = 3) -> None:
            self.found = (thing, more, count)

    assert Container({Has: Has}).resolve(Has).found == (default, default, 3)
    found = Container({Has: Has, Thing: Thing}).resolve(Has).found
    assert found[0] is not default
    assert found[1] is not default


def test_every_kind_of_parameter_is_filled() -> None:
    class Kinds:
        def __init__(self, a: Thing, /, b: int = 1, c: Thing | None = None, *rest: Any, d: Thing, **more: Any) -> None:
            self.found = (a, b, c, rest, d, more)

    a, b, c, rest, d, more = Container({Kinds: Kinds, Thing: Thing}).resolve(Kinds).found

    assert all(isinstance(each, Thing) for each in (a, c, d))
    assert (b, rest, more) == (1, (), {})


def test_a_positional_only_default_before_an_injected_parameter_is_passed_on() -> None:
    class Kinds:
        def __init__(self, a: int = 7, b: Thing | None = None, /) -> None:
            self.found = (a, b)

    a, b = Container({Kinds: Kinds, Thing: Thing}).resolve(Kinds).found

    assert a == 7
    assert isinstance(b, Thing)


def test_a_marked_parameter_is_injected() -> None:
    class Marked:
        def __init__(self, thing: Inject[Thing]) -> None:
            self.thing = thing

    assert isinstance(Container({Marked: Marked, Thing: Thing}).resolve(Marked).thing, Thing)


def test_resolver_and_container_can_be_asked_for() -> None:
    class Asks:
        def __init__(self, resolver: Resolver, container: Container) -> None:
            self.resolver, self.container = resolver, container

    container = Container({Asks: Asks, Thing: Thing})

    asks = container.resolve(Asks)

    assert asks.container is container
    assert isinstance(asks.resolver.resolve(Thing), Thing)


def test_an_alias_gives_the_same_object() -> None:
    container = Container()
    container.register(Disk, scope=Scope.SINGLETON)
    container.alias(Check, Disk)

    assert container.resolve(Check) is container.resolve(Disk)


def test_an_alias_of_nothing_and_of_several_is_found_at_build() -> None:
    container = Container()
    container.alias(Check, Disk)
    container.register(Thing)
    container.register(Thing)
    container.alias(object, Thing)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert [error.code for error in caught.value.exceptions] == ["VG201", "VG204"]


class Around(Check):
    def __init__(self, inner: Check, thing: Thing) -> None:
        self.inner, self.thing = inner, thing


def test_decorators_wrap_in_order_and_are_injected() -> None:
    class Outer(Check):
        def __init__(self, inner: Check) -> None:
            self.inner = inner

    container = Container({Thing: Thing})
    container.register(Check, Disk, scope=Scope.SINGLETON)
    container.decorate(Check, Around)
    container.decorate(Check, Outer)

    found: Any = container.resolve(Check)

    assert [type(found), type(found.inner), type(found.inner.inner)] == [Outer, Around, Disk]
    assert container.resolve(Check) is found
    assert isinstance(found.inner.thing, Thing)


def test_decorators_wrap_named_services_and_every_element_of_a_collection() -> None:
    container = checks()
    container.register(Thing)
    container.decorate(Check, Around)

    found: Any = container.resolve(All[Check])

    assert [type(each) for each in found] == [Around, Around]
    assert [type(each.inner) for each in found] == [Disk, Net]
    assert type(container.resolve(Check, name="net")) is Around


def test_a_decorator_may_be_a_function_of_one_argument() -> None:
    container = Container({Check: Disk, Thing: Thing})
    container.decorate(Check, lambda inner: Around(inner, Thing()))

    assert type(container.resolve(Check)) is Around


def test_a_decorated_scoped_service_lives_in_the_scope() -> None:
    container = Container({Thing: Thing})
    container.register(Check, Disk, scope=Scope.SCOPED)
    container.decorate(Check, Around)

    with container.scope() as scope:
        assert scope.resolve(Check) is scope.resolve(Check)


def test_an_ambiguous_wish_for_later_is_found_at_build() -> None:
    class Holder:
        def __init__(self, check: Lazy[Check]) -> None: ...

    container = Container({Holder: Holder, Check: Disk})
    container.register(Check, Net)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert isinstance(caught.value.exceptions[0], AmbiguousProviderError)
