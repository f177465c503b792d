"""The plan of a query: a frozen value, the input of every executor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from .._errors import InvalidPredicateError, UnknownOperatorError, UnsupportedPredicateError, shown
from .._fields.fields import EntityFields, FieldInfo
from .._fields.kinds import ORDERED, Kind
from .._language.nodes import Field, Node, all_of
from .._language.ports import EntityRule

SORTED: Final = ORDERED | {Kind.BOOL}


class Nulls(StrEnum):
    """The place of missing values in an order."""

    LAST = "last"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Order:
    """A key of an order.

    Args:
        field: the field to order by.
        descending: from the largest to the smallest.
        nulls: the place of missing values, in either direction.
    """

    field: Field
    descending: bool = False
    nulls: Nulls = Nulls.LAST

    @classmethod
    def of(cls, chosen: Field, direction: object, nulls: object) -> Order:
        """Return a checked key.

        Raises:
            UnknownOperatorError: the direction is not asc or desc, or nulls not last or first.
            UnsupportedPredicateError: the field has no order that all stores share.
        """
        if not isinstance(direction, str) or direction.lower() not in {"asc", "desc"}:
            raise UnknownOperatorError(f"there is no direction {shown(direction)}", "order_by", "use asc or desc")
        if not isinstance(nulls, str) or nulls not in {"last", "first"}:
            raise UnknownOperatorError(f"nulls cannot stand {shown(nulls)}", "order_by", "use last or first")
        if chosen.info.kind not in SORTED:
            raise UnsupportedPredicateError(
                f"{chosen} is a {chosen.info.kind}, which has no order", "order_by", "order by another field"
            )
        return cls(chosen, direction.lower() == "desc", Nulls(nulls))

    def reversed(self) -> Order:
        """Return the same key, walked backwards."""
        return Order(self.field, not self.descending, Nulls.FIRST if self.nulls is Nulls.LAST else Nulls.LAST)


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The plan of a query.

    Args:
        fields: the fields of the entity.
        nodes: conditions, all of which must be TRUE.
        specs: rules with their own evaluation, all of which must be satisfied.
        order: the keys, the first deciding; executors append the identity.
        limit: the maximum number of entities; None for all.
        offset: the number of entities to skip.
        lifted: the names of disabled policies, such as a soft delete.
    """

    fields: EntityFields
    nodes: tuple[Node, ...] = ()
    specs: tuple[EntityRule[Any], ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    lifted: frozenset[str] = field(default_factory=frozenset[str])

    @property
    def node(self) -> Node:
        """The conjunction of all conditions."""
        return all_of(*self.nodes)

    def total_order(self, identity: tuple[FieldInfo, ...]) -> tuple[Order, ...]:
        """Return the order with the identity appended, so that no two entities compare equal.

        The identity follows the direction of the last key, so that a database can read an index on both from either
        end.
        """
        named = {str(order.field) for order in self.order}
        descending = bool(self.order) and self.order[-1].descending
        return (*self.order, *(Order(Field((info,)), descending) for info in identity if info.name not in named))


class Calculation(StrEnum):
    """The functions of aggregates; missing values are skipped."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A calculation over the selected entities.

    Args:
        calculation: the function.
        path: the field, dotted; None counts entities.
    """

    calculation: Calculation
    path: str | Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Calculations per group.

    Args:
        keys: the fields to group by; without keys all entities form a single group.
        columns: the calculations, by the name of the result.
    """

    keys: tuple[Field, ...]
    columns: tuple[tuple[str, Calculation, Field | None], ...]


def count(path: str | Callable[[Any], Any] | None = None) -> Aggregate:
    """Return an aggregate: the number of entities, or of values in a field."""
    return Aggregate(Calculation.COUNT, path)


def sum_(path: str | Callable[[Any], Any]) -> Aggregate:
    """Return an aggregate: the exact sum of an int or Decimal field; None without values."""
    return Aggregate(Calculation.SUM, path)


def avg(path: str | Callable[[Any], Any]) -> Aggregate:
    """Return an aggregate: the mean of an int or Decimal field, a Decimal of 28 digits; None without values."""
    return Aggregate(Calculation.AVG, path)


def min_(path: str | Callable[[Any], Any]) -> Aggregate:
    """Return an aggregate: the smallest value of an ordered field; None without values."""
    return Aggregate(Calculation.MIN, path)


def max_(path: str | Callable[[Any], Any]) -> Aggregate:
    """Return an aggregate: the largest value of an ordered field; None without values."""
    return Aggregate(Calculation.MAX, path)


def checked_column(calculation: Calculation, chosen: Field | None) -> Field | None:
    """Return the field of an aggregate, if valid.

    Raises:
        UnsupportedPredicateError: a sum of floats depends on the order of rows; other kinds have no sum.
    """
    if chosen is None:
        if calculation is not Calculation.COUNT:
            raise InvalidPredicateError(f"{calculation} needs a field", "aggregate")
        return None
    kind = chosen.info.kind
    if calculation in {Calculation.SUM, Calculation.AVG} and kind not in {Kind.INT, Kind.DECIMAL}:
        raise UnsupportedPredicateError(
            f"{chosen} is a {kind}, whose {calculation} is not the same in every store",
            "aggregate",
            "use an int or Decimal",
        )
    if calculation in {Calculation.MIN, Calculation.MAX} and kind not in ORDERED:
        raise UnsupportedPredicateError(f"{chosen} is a {kind}, which has no order", "aggregate")
    return chosen
