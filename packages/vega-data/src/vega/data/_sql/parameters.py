"""Parameters in place of a query's constants: queries of equal form share a compiled statement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from vega.patterns.query.nodes import (
    AllOf,
    Always,
    And,
    AnyOf,
    Compare,
    Distinct,
    Field,
    IsNull,
    Match,
    Node,
    Not,
    Or,
    Truth,
    Within,
)

from .text_patterns import searched

LISTED: Final = 200
Constants: TypeAlias = list[Any]


class Slot(str):
    """The name of a parameter, in place of a constant in a node."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Form:
    """The part shared by conditions that differ only in constants.

    Args:
        key: equal for equal forms of an entity.
        parameters: the constants, by slot name.
    """

    key: Hashable
    parameters: dict[str, Any]


def form_of(nodes: Sequence[Node], *, sqlite: bool) -> Form | None:
    """Return the form of conditions; None when a condition is compiled for each query, such as a long list.

    Args:
        nodes: the conditions.
        sqlite: whether texts are searched as on SQLite.
    """
    walk = _Walk(sqlite)
    try:
        key = tuple([walk.key(node) for node in nodes])
    except _NoForm:
        return None
    return Form(key, {_name(number): value for number, value in enumerate(walk.constants)})


def with_slots(nodes: Iterable[Node]) -> list[Node]:
    """Return the conditions with slots in place of the constants, in the order of `form_of`."""
    numbers = iter(range(10**9))

    def slot() -> Slot:
        return Slot(_name(next(numbers)))

    return [_slotted(node, slot) for node in nodes]


class _NoForm(Exception):  # noqa: N818 - never leaves this module
    """A condition has no form."""


class _Walk:
    def __init__(self, sqlite: bool) -> None:
        self.sqlite = sqlite
        self.constants: Constants = []

    def key(self, node: Node) -> Hashable:
        match node:
            case Compare(op, left, right):
                return op, str(left), self._side(right)
            case Truth(field) | IsNull(field):
                return type(node), str(field)
            case And(parts) | Or(parts):
                return type(node), *[self.key(part) for part in parts]
            case Not(part):
                return "not", self.key(part)
            case Match(op, field, text):
                self.constants.append(searched(op, text, sqlite=self.sqlite))
                return op, str(field)
            case Distinct(left, right):
                return "distinct", str(left), True if right is None else self._side(right)
            case Within(field, values):
                return "in", str(field), self._many(values)
            case AnyOf(field, part) | AllOf(field, part):
                return type(node), str(field), self.key(part)
            case Always(value):
                return value

    def _side(self, right: Any) -> str | None:
        if isinstance(right, Field):
            return str(right)
        self.constants.append(right)
        return None

    def _many(self, values: frozenset[Any]) -> int:
        if len(values) > LISTED:
            raise _NoForm
        listed = list(values)
        self.constants += listed + listed[-1:] * (_padded(len(values)) - len(listed))
        return _padded(len(values))


def _slotted(node: Node, slot: Callable[[], Slot]) -> Node:
    match node:
        case Compare(op, left, right):
            return node if isinstance(right, Field) else Compare(op, left, slot())
        case Match(op, field, _):
            return Match(op, field, slot())
        case Distinct(left, right):
            return node if right is None or isinstance(right, Field) else Distinct(left, slot())
        case Within(field, values):
            return Within(field, frozenset(slot() for _ in range(_padded(len(values)))))
        case And(parts) | Or(parts):
            return type(node)(tuple([_slotted(part, slot) for part in parts]))
        case Not(part):
            return Not(_slotted(part, slot))
        case AnyOf(field, part) | AllOf(field, part):
            return type(node)(field, _slotted(part, slot))
        case _:
            return node


def _padded(count: int) -> int:
    """Round up to a power of two, so that lists of many lengths have few forms."""
    return 1 << (count - 1).bit_length() if count else 0


def _name(number: int) -> str:
    return f"c{number}"
