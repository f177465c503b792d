"""Factories and implementations: what is accepted for a key."""

from abc import ABCMeta
from typing import Protocol

from vega.di import Container


class Thing: ...


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
