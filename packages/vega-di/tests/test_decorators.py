"""Decorators: what is put around every service of a key."""

from typing import Any

from vega.di import All, Container, Scope


class Check: ...


class Disk(Check): ...


class Thing: ...


class Around(Check):
    def __init__(self, inner: Check, thing: Thing) -> None:
        self.inner, self.thing = inner, thing


class Net(Check): ...


def checks() -> Container:
    container = Container()
    container.register(Check, Disk)
    container.register_named(Check, "net", Net)
    return container


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


def test_a_decorator_takes_its_service_without_a_type_beside_others() -> None:
    class Around(Thing):
        def __init__(self, inner, other: int = 3) -> None:  # type: ignore[no-untyped-def]  # the point
            self.inner = inner

    container = Container({Thing: Thing})
    container.decorate(Thing, Around)

    found: Any = container.resolve(Thing)

    assert type(found.inner) is Thing
