"""`@injectable` marks; `include` registers what was marked."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from vega.di import Container, ContainerError, InvalidRegistrationError, Scope, injectable

SOURCE = """
from abc import ABC
from collections.abc import Iterator
from vega.di import Scope, injectable

class Port: ...

@injectable(provides=Port, scope=Scope.SINGLETON)
class Adapter(Port): ...

@injectable
class Plain: ...

class Made: ...

@injectable(scope=Scope.SCOPED, name="main")
def make(plain: Plain) -> Iterator[Made]:
    yield Made()
"""


@pytest.fixture
def module() -> Iterator[ModuleType]:
    made = ModuleType("marked_module")
    sys.modules[made.__name__] = made
    exec(compile(SOURCE, "marked_module.py", "exec", dont_inherit=True), made.__dict__)
    yield made
    del sys.modules[made.__name__]


def test_a_marked_class_stays_what_it_was() -> None:
    class Thing: ...

    assert injectable(Thing) is Thing
    assert injectable(scope=Scope.SINGLETON)(Thing) is Thing


def test_the_mark_says_the_scope_unless_the_registration_does() -> None:
    @injectable(scope=Scope.SINGLETON)
    class Thing: ...

    marked, said = Container({Thing: Thing}), Container()
    said.register(Thing, scope=Scope.TRANSIENT)

    assert marked.resolve(Thing) is marked.resolve(Thing)
    assert said.resolve(Thing) is not said.resolve(Thing)


def test_a_subclass_does_not_inherit_the_mark() -> None:
    @injectable(scope=Scope.SINGLETON)
    class Thing: ...

    class Sub(Thing): ...

    container = Container({Sub: Sub})

    assert container.resolve(Sub) is not container.resolve(Sub)


def test_include_registers_what_a_module_marked_once(module: ModuleType) -> None:
    container, other = Container(), Container()

    assert container.include(["marked_module", "not_imported"]) == 3
    assert container.include(["marked_module"]) == 0
    assert other.include(["marked_module"]) == 3

    assert container.resolve(module.Port) is container.resolve(module.Port)
    assert type(container.resolve(module.Port)) is module.Adapter
    with container.scope() as scope:
        assert type(scope.resolve(module.Made, name="main")) is module.Made


def test_a_marked_function_must_say_what_it_provides() -> None:
    def make():  # type: ignore[no-untyped-def]  # the mistake under test
        return 1

    injectable(make)

    with pytest.raises(InvalidRegistrationError, match="is marked @injectable without a key"):
        Container().include([__name__])
    del make.__dict__["__vega_injectable__"]


def test_a_marked_context_manager_provides_what_it_yields() -> None:
    class Thing: ...

    @injectable
    @contextmanager
    def make_thing() -> Iterator[Thing]:
        yield Thing()

    container = Container()
    container.include([__name__])

    with container.scope() as scope:
        assert isinstance(scope.resolve(Thing), Thing)


def test_a_mistake_in_one_container_does_not_reach_another() -> None:
    class Absent: ...

    class Needs:
        def __init__(self, absent: Absent) -> None: ...

    broken: Any = Container({Needs: Needs})

    with pytest.raises(ContainerError):
        broken.validate()
    Container().validate()
