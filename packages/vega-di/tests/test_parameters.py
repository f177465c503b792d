"""Parameters: names, defaults, kinds, markers and types, and the argument that each receives."""

from typing import Annotated, Any, Optional

import pytest

from vega.di import Container, ContainerError, Inject, Named, Resolver, Scope, UnresolvedHintError


class Check: ...


class Net(Check): ...


class Disk(Check): ...


def checks() -> Container:
    container = Container()
    container.register(Check, Disk)
    container.register_named(Check, "net", Net)
    return container


class Thing: ...


def test_named_picks_one() -> None:
    class Picks:
        def __init__(self, check: Annotated[Check, Named("net")]) -> None:
            self.check = check

    container = checks()
    container.register(Picks)

    assert type(container.resolve(Picks).check) is Net
    assert type(container.resolve(Annotated[Check, Named("net")])) is Net


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


def test_a_keyword_only_singleton_of_singletons_is_made() -> None:
    class Keyword:
        def __init__(self, *, thing: Thing) -> None:
            self.thing = thing

    container = Container()
    container.register(Thing, scope=Scope.SINGLETON)
    container.register(Keyword, scope=Scope.SINGLETON)

    assert container.resolve(Keyword).thing is container.resolve(Thing)


def test_a_union_of_two_types_is_not_injected() -> None:
    class Needs:
        def __init__(self, either: Thing | int | None) -> None: ...

    with pytest.raises(ContainerError):
        Container({Needs: Needs, Thing: Thing}).validate()


def test_a_parameter_without_a_type_may_have_a_default() -> None:
    class Loose:
        def __init__(self, thing: Thing, option=3) -> None:  # type: ignore[no-untyped-def]  # the point
            self.option = option

    assert Container({Loose: Loose, Thing: Thing}).resolve(Loose).option == 3


def test_a_class_with_one_parameter_without_a_type_is_named() -> None:
    class Vague:
        def __init__(self, what) -> None: ...  # type: ignore[no-untyped-def]  # that is the case

    with pytest.raises(ContainerError) as caught:
        Container({Vague: Vague}).validate()

    (error,) = caught.value.exceptions
    assert isinstance(error, UnresolvedHintError)
    assert "what" in str(error)


def test_metadata_that_cannot_be_hashed_is_passed_by() -> None:
    class Taker:
        def __init__(self, thing: Annotated[Thing, []], size: Annotated[int, []] = 3) -> None:  # type: ignore[valid-type]  # is wanted
            self.thing, self.size = thing, size

    container = Container({Thing: Thing, Taker: Taker})

    assert type(container.resolve(Taker).thing) is Thing
    assert container.resolve(Taker).size == 3
