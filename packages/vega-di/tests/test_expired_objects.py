"""Objects of a closed scope refuse any use, and name the scope and the line."""

from __future__ import annotations

import gc
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from vega.di import Container, Scope, ScopeClosedError


class Port(Protocol):
    def ask(self) -> int: ...


class Base(ABC):
    @abstractmethod
    def ask(self) -> int: ...


class Plain:
    def __init__(self) -> None:
        self.state = 1

    def ask(self) -> int:
        return self.state


class ByProtocol(Port):
    def ask(self) -> int:
        return 1


class ByBase(Base):
    def ask(self) -> int:
        return 1


@dataclass(frozen=True)
class Frozen:
    state: int = 1

    def ask(self) -> int:
        return self.state


class Shared:
    only: Any = None

    def __new__(cls) -> Any:
        cls.only = cls.only or super().__new__(cls)
        return cls.only

    def ask(self) -> int:
        return 1


class Slotted:
    __slots__ = ("state",)

    def ask(self) -> int:
        return 1


class Dying:
    def __del__(self) -> None: ...

    def ask(self) -> int:
        return 1


def ended(cls: Any, *, factory: bool = False, key: Any = None) -> Any:
    container = Container()
    if factory:
        container.register_factory(cls, lambda: cls(), scope=Scope.SCOPED)  # noqa: PLW0108 - a class is not a factory
    else:
        container.register(key or cls, cls, scope=Scope.SCOPED)
    with container.scope() as scope:
        found = scope.resolve(key or cls)
        scope.origin = lambda: "the order of Ada"
        end = scope.ending()
    end()
    return found


USES: list[Callable[[Any], Any]] = [
    lambda found: found.ask(),
    lambda found: setattr(found, "state", 2),
    lambda found: delattr(found, "state"),
    lambda found: found.__dict__,
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("cls", [Plain, ByProtocol, ByBase, Frozen])
def test_every_use_is_refused_and_names_both_places(cls: type, use: Callable[[Any], Any]) -> None:
    found = ended(cls)

    with pytest.raises(ScopeClosedError, match=rf"{cls.__name__} is used after the end of its scope") as caught:
        use(found)

    assert caught.value.where == f"the scope of the order of Ada; used at {__file__}:{use.__code__.co_firstlineno}"


def test_a_method_that_was_taken_before_the_end_is_refused_too() -> None:
    container = Container()
    container.register(Plain, scope=Scope.SCOPED)
    with container.scope() as scope:
        ask, end = scope.resolve(Plain).ask, scope.ending()
    end()

    with pytest.raises(ScopeClosedError, match="a scope that was kept"):
        ask()


def test_identity_kind_and_repr_stay() -> None:
    found = ended(Plain)
    gone = weakref.ref(found)

    assert isinstance(found, Plain)
    assert {found: 1}[found] == 1
    assert repr(found) == "<Plain of a scope that is over>"
    del found
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("cls", [Shared, Slotted, Dying])
def test_what_may_belong_to_others_is_left_alone(cls: Any) -> None:
    assert ended(cls).ask() == 1


def test_what_a_factory_gave_is_left_alone() -> None:
    assert ended(Plain, factory=True).ask() == 1


def test_singletons_transients_and_given_values_are_left_alone() -> None:
    class Holder:
        def __init__(self, plain: Plain, frozen: Frozen, based: ByBase) -> None:
            self.all = (plain, frozen, based)

    container = Container()
    container.register(Plain, scope=Scope.SINGLETON)
    container.register(Frozen)
    container.register(Holder, scope=Scope.SCOPED)
    given = ByBase()
    with container.scope({ByBase: given}) as scope:
        held, end = scope.resolve(Holder).all, scope.ending()
    end()

    assert [each.ask() for each in held] == [1, 1, 1]


def test_a_scope_that_built_nothing_or_is_over_ends_nothing() -> None:
    container = Container()
    container.register(Plain, scope=Scope.SCOPED)
    with container.scope() as scope:
        scope.ending()()
        found = scope.resolve(Plain)
    scope.ending()()

    assert found.ask() == 1


def test_a_container_that_is_closed_meanwhile_does_not_keep_a_scope_from_ending() -> None:
    container = Container()
    container.register(Plain, scope=Scope.SCOPED)
    with container.scope() as scope:
        found = scope.resolve(Plain)
        container.close()
        scope.ending()()

    assert found.ask() == 1
