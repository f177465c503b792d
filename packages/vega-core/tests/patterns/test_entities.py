"""Entities, value objects and aggregates."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from vega.patterns import AggregateRoot, Entity, InvalidValueObjectError, ValueObject


@dataclass
class User(Entity):
    id: int | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Frozen(Entity):
    id: int
    name: str = ""


@dataclass
class Other(Entity):
    id: int


@dataclass(frozen=True)
class Order(AggregateRoot):
    id: int
    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> Order:
        self.record(f"added {line}")
        return self.evolve(lines=[*self.lines, line])


@pytest.mark.parametrize("kind", [User, Frozen])
def test_entities_are_equal_by_identity_whatever_their_values(kind: type) -> None:
    assert kind(1, "Ada") == kind(1, "Countess")
    assert hash(kind(1, "Ada")) == hash(kind(1, "Countess"))
    assert kind(1) != kind(2)


def test_entities_of_other_classes_or_without_identity_are_different() -> None:
    nameless = User(None)

    assert User(1) != Other(1)
    assert nameless != User(None)
    assert nameless == nameless
    assert len({nameless, User(None)}) == 2


def test_an_equality_of_ones_own_is_kept() -> None:
    class Named(Entity):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment] # as Python does it

    assert Named() == 3


def test_a_value_object_that_could_change_is_refused() -> None:
    @dataclass
    class Money(ValueObject):
        cents: int

    with pytest.raises(InvalidValueObjectError, match="frozen"):
        Money(5)


def test_a_value_object_changes_by_being_replaced() -> None:
    @dataclass(frozen=True, slots=True)
    class Money(ValueObject):
        cents: int
        currency: str = "EUR"

        def __post_init__(self) -> None:
            if self.cents < 0:
                raise ValueError("less than nothing")

    assert Money(5).replace(cents=7) == Money(7)
    with pytest.raises(ValueError, match="less than nothing"):
        Money(5).replace(cents=-1)


def test_events_are_pulled_once_in_order_also_through_copies() -> None:
    order = Order(1).add("a").add("b")

    assert order.lines == ["a", "b"]
    assert order.pull_events() == ("added a", "added b")
    assert order.pull_events() == ()


def test_recorded_events_are_no_part_of_the_values() -> None:
    order, same = Order(1), Order(1)
    order.record("placed")

    assert order == same
    assert "placed" not in repr(order)
