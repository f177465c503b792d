"""Entities, value objects and aggregates: the objects of the business."""

from __future__ import annotations

import dataclasses
from typing import Any, Self, TypeVar, cast

from .._errors import InvalidValueObjectError

S = TypeVar("S", bound="ValueObject")
A = TypeVar("A", bound="AggregateRoot")


class Entity:
    """An object whose identity outlives its values: equal when class and `id` are equal.

    `@dataclass` keeps the equality by identity; `eq=False` is not needed. An entity whose `id` is None equals only
    itself.

    Use a `ValueObject` for an object described by its values alone, such as a price or an address. The base class is
    optional: repositories accept any dataclass, pydantic model or mapped class.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class User(Entity):
    ...     id: int | None
    ...     name: str
    >>> User(1, "Ada") == User(1, "Countess Lovelace"), User(None, "Ada") == User(None, "Ada")
    (True, False)
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = cls.__dict__
        if "__eq__" not in own and _inherits_identity(cls):
            cls.__eq__ = Entity.__eq__  # type: ignore[method-assign] # keeps @dataclass from writing its own
            cls.__hash__ = Entity.__hash__  # type: ignore[method-assign] # goes with __eq__

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        mine: Any = getattr(self, "id", None)
        return mine is not None and bool(mine == getattr(other, "id", None))

    def __hash__(self) -> int:
        identity: Any = getattr(self, "id", None)
        return object.__hash__(self) if identity is None else hash((type(self), identity))


def _inherits_identity(cls: type) -> bool:
    return next(base.__dict__["__eq__"] for base in cls.__mro__ if "__eq__" in base.__dict__) is Entity.__eq__


class ValueObject:
    """An object defined by its values, written as a frozen dataclass: equal when class and values are equal.

    Raises:
        InvalidValueObjectError: the class is not a frozen dataclass; raised at the first construction.

    Use an `Entity` for an object that keeps its identity while its values change.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Money(ValueObject):
    ...     cents: int
    ...     currency: str
    >>> Money(5, "EUR").replace(cents=7)
    Money(cents=7, currency='EUR')
    """

    def __new__(cls, *_args: Any, **_values: Any) -> Any:
        """Refuse classes whose objects could change."""
        parameters = getattr(cls, "__dataclass_params__", None)
        if parameters is None or not parameters.frozen:
            raise InvalidValueObjectError(
                f"{cls.__qualname__} is not a frozen dataclass, so its values could change",
                f"{cls.__module__}.{cls.__qualname__}",
                "write @dataclass(frozen=True) above the class",
            )
        return super().__new__(cls)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some values changed; the class's own checks run again."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var] # __new__ has refused other classes


class AggregateRoot(Entity):
    """The entity through which a group of objects is changed; it records domain events.

    Methods call `record(event)`. The repository that saves the aggregate calls `pull_events()` and publishes the events
    after the commit, as `vega.data` does. Frozen and slotted dataclasses work too; a frozen aggregate changes through
    `evolve`, and the copy takes over the recorded events.

    Use a plain `Entity` when no rule spans several objects.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Order(AggregateRoot):
    ...     id: int
    ...     def place(self) -> None:
    ...         self.record(("placed", self.id))
    >>> order = Order(1)
    >>> order.place()
    >>> order.pull_events(), order.pull_events()
    ((('placed', 1),), ())
    """

    def record(self, event: Any) -> None:
        """Record an event, to be published after the commit."""
        recorded = _state(self).get(_EVENTS)
        if recorded is None:
            object.__setattr__(self, _EVENTS, recorded := [])
        recorded.append(event)

    def pull_events(self) -> tuple[Any, ...]:
        """Return the recorded events, oldest first, and clear the record."""
        recorded = _state(self).pop(_EVENTS, None)
        return tuple(recorded or ())

    def evolve(self, **changes: Any) -> Self:
        """Return a copy of a dataclass aggregate with some values changed; the copy takes over the recorded events."""
        replaced: Any = dataclasses.replace(cast("Any", self), **changes)  # aggregates need not be dataclasses
        copy: Self = replaced
        for event in self.pull_events():
            copy.record(event)
        return copy


_EVENTS = "_recorded_events"


def _state(root: AggregateRoot) -> dict[str, Any]:
    return root.__dict__
