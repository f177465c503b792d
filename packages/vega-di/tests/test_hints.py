"""Annotations that are text: resolved in the module, then among what the container knows."""

import functools
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NewType, Self

import pytest

from vega.di import Container, ContainerError, UnresolvedHintError, set_container


@pytest.fixture
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("for_hints", Path(__file__).with_name("for_hints.py"))
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["for_hints"] = made
    spec.loader.exec_module(made)
    return made


class Engine: ...


def test_types_that_are_imported_for_checkers_only_resolve_when_they_are_registered(module: ModuleType) -> None:
    container = Container({module.Local: module.Local, Engine: Engine, module.Text: module.Text})
    container.register_named(Engine, "x", Engine)

    local, engine, lazy, named = container.resolve(module.Text).found

    assert type(local) is module.Local
    assert type(engine) is type(lazy()) is type(named) is Engine


def test_generated_constructors_are_read_among_the_names_of_their_class(module: ModuleType) -> None:
    kinds = (module.Local, module.Pair, module.Generated, module.Struct)
    container = Container({kind: kind for kind in kinds})

    pair, generated, struct = (container.resolve(kind) for kind in kinds[1:])

    assert [type(each) for each in pair] == [module.Local] * 2
    assert type(generated.local) is module.Local
    (positional, named) = struct.found
    assert [type(each) for each in (*positional, *named.values())] == [module.Local]


def test_bound_functions_resolve_them_too(module: ModuleType) -> None:
    set_container(Container({Engine: Engine}))

    assert type(module.bound()) is Engine


def test_an_unregistered_one_names_class_parameter_and_import(module: ModuleType) -> None:
    container = Container({module.Lost: module.Lost})

    with pytest.raises(ContainerError) as caught:
        container.validate()
    (error,) = caught.value.exceptions

    assert isinstance(error, UnresolvedHintError)
    assert "Lost(nowhere: Nowhere)" in error.what
    assert "import Nowhere in for_hints" in error.fix


def test_an_annotation_that_cannot_be_evaluated_is_a_named_error(module: ModuleType) -> None:
    container = Container({module.Wrong: module.Wrong})

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert "Wrong(thing: Local[3])" in str(caught.value.exceptions[0])


class Thing: ...


class Needs:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


class Factory:
    def __init__(self) -> None:
        self.kind = "method"

    def make(self, thing: Thing) -> Needs:
        return Needs(thing)

    def __call__(self, thing: Thing) -> Needs:
        return Needs(thing)


def logged(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@logged
def decorated(thing: Thing) -> Needs:
    return Needs(thing)


def with_extra(extra: int, thing: Thing) -> Needs:
    return Needs(thing)


@pytest.mark.parametrize(
    "factory", [Factory().make, Factory(), decorated, functools.partial(with_extra, 3), functools.partial(Needs)]
)
def test_every_kind_of_callable_is_a_factory(factory: Any) -> None:
    container = Container({Thing: Thing})
    container.register_factory(Needs, factory)

    assert isinstance(container.resolve(Needs).thing, Thing)


def test_a_class_made_by_new_is_read_there() -> None:
    class Made:
        thing: Thing

        def __new__(cls, thing: Thing) -> Self:
            made = super().__new__(cls)
            made.thing = thing
            return made

    assert isinstance(Container({Thing: Thing, Made: Made}).resolve(Made).thing, Thing)


def test_a_decorated_constructor_is_read_through_its_wrapper() -> None:
    class Made:
        @logged
        def __init__(self, thing: Thing) -> None:
            self.thing = thing

    assert isinstance(Container({Thing: Thing, Made: Made}).resolve(Made).thing, Thing)


def test_builtin_classes_have_no_parameters() -> None:
    container = Container()
    container.register(dict)

    assert container.resolve(dict) == {}


def test_names_of_keys_that_are_no_classes_do_not_help_to_read_hints() -> None:
    UserId = NewType("UserId", int)

    class Reader:
        def __init__(self, thing: "Thing", number: UserId) -> None:
            self.parts = thing, number

    container = Container({Thing: Thing, Reader: Reader})
    container.register_factory(UserId, lambda: UserId(7))

    assert container.resolve(Reader).parts[1] == 7
