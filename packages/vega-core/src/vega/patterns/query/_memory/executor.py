"""Queries over objects in memory."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from .._errors import UnsupportedPredicateError
from .._fields.fields import FieldInfo
from .._language.nodes import Always, Field
from .._query.cursor import value_of
from .._query.plan import Aggregation, Calculation, Nulls, Order, QueryPlan
from .codegen import select, source

T = TypeVar("T")
_process_secret = secrets.token_bytes(32)


class MemoryExecutor(Generic[T]):
    """Answers queries over objects in memory.

    Args:
        entities: returns the objects to choose from.
        identity: the fields that identify an object; if empty, ties keep the order of `entities`.
        cursor_secret: the key that signs cursors; random for each process when None.
    """

    def __init__(
        self,
        entities: Callable[[], Iterable[T]],
        identity: tuple[FieldInfo, ...] = (),
        *,
        cursor_secret: bytes | None = None,
    ) -> None:
        self._entities, self._identity = entities, identity
        self._secret = cursor_secret or _process_secret

    @property
    def identity(self) -> tuple[FieldInfo, ...]:
        """The fields that identify an entity."""
        return self._identity

    @property
    def cursor_secret(self) -> bytes:
        """The key that signs cursors."""
        return self._secret

    async def fetch(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities, in the total order."""
        entities = in_order(self.select(plan), plan.total_order(self._identity))
        end = None if plan.limit is None else plan.offset + plan.limit
        return entities[plan.offset : end]

    async def count(self, plan: QueryPlan) -> int:
        """Return the number of selected entities."""
        return len(self.select(plan))

    async def stream(self, plan: QueryPlan, batch: int) -> AsyncIterator[T]:
        """Iterate over the selected entities, as of the call."""
        for entity in await self.fetch(plan):
            yield entity

    async def aggregate(self, plan: QueryPlan, aggregation: Aggregation) -> list[dict[str, Any]]:
        """Return one row per group."""
        groups: dict[tuple[Any, ...], list[T]] = {}
        if not aggregation.keys:
            groups[()] = []
        for entity in self.select(plan):
            groups.setdefault(tuple(value_of(entity, key) for key in aggregation.keys), []).append(entity)
        rows = [
            {str(field): value for field, value in zip(aggregation.keys, key, strict=True)}
            | {name: _calculate(calculation, field, members) for name, calculation, field in aggregation.columns}
            for key, members in groups.items()
        ]
        for field in reversed(aggregation.keys):
            rows.sort(key=lambda row, name=str(field): _sortable(row[name]))  # type: ignore[misc] # a bound default
        return rows

    async def explain(self, plan: QueryPlan) -> str:
        """Return the source of the function that evaluates the predicate."""
        return source(plan.node)

    def to_sql(self, plan: QueryPlan) -> str:
        """Raise: a query in memory has no statement."""
        raise UnsupportedPredicateError(
            "a query in memory sends no SQL", "to_sql", "call explain() to see the evaluation"
        )

    def select(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities, unordered."""
        node = plan.node
        entities = list(self._entities()) if node == Always(value=True) else select(node, self._entities())
        for spec in plan.specs:
            entities = list(filter(spec.is_satisfied_by, entities))
        return entities


def in_order(entities: list[T], order: Iterable[Order]) -> list[T]:
    """Return sorted entities; ties keep their order."""
    ordered = list(entities)
    for key in reversed(tuple(order)):
        ordered = _sorted(ordered, key)
    return ordered


def _sorted(entities: list[T], key: Order) -> list[T]:
    pairs = [(value_of(entity, key.field), entity) for entity in entities]
    present = [pair for pair in pairs if pair[0] is not None]
    missing = [entity for value, entity in pairs if value is None]
    present.sort(key=lambda pair: pair[0], reverse=key.descending)
    ordered = [entity for _, entity in present]
    return ordered + missing if key.nulls is Nulls.LAST else missing + ordered


def _sortable(value: Any) -> tuple[bool, Any]:
    if isinstance(value, Enum):
        return (False, stored_text(value))
    return (value is None, value)


def stored_text(member: Enum) -> str:
    """Return the stored text of an enum member: the value if all values are texts, else the name."""
    texts = all(isinstance(other.value, str) for other in type(member))
    return str(member.value) if texts else member.name


def _calculate(calculation: Calculation, field: Field | None, members: list[Any]) -> Any:
    if field is None:
        return len(members)
    values = [value for member in members if (value := value_of(member, field)) is not None]
    if calculation is Calculation.COUNT:
        return len(values)
    if not values:
        return None
    if calculation is Calculation.AVG:
        return mean(exact_sum(values), len(values))
    return _OVER[calculation](values)


_EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, Inexact])
_MEAN: Final = Context(prec=28)


def exact_sum(values: Iterable[int | Decimal]) -> int | Decimal:
    """Return the sum, exact in any decimal context; 0 without values."""
    total: int | Decimal = 0
    for value in values:
        total = exact_add(total, value)
    return total


def exact_add(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    """Return the sum of two numbers, exact in any decimal context."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return _EXACT.add(left, right)


def mean(total: int | Decimal, how_many: int) -> Decimal:
    """Return the mean as a Decimal of 28 digits, half to even."""
    return _MEAN.divide(Decimal(total), Decimal(how_many))


_OVER: Final[dict[Calculation, Callable[[list[Any]], Any]]] = {
    Calculation.SUM: exact_sum,
    Calculation.MIN: min,
    Calculation.MAX: max,
}
