"""Immutable queries, run by their last call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, Generic, Literal, TypeAlias, TypeVar, overload

from .._errors import InvalidPageError, InvalidPredicateError, MultipleResultsError, shown
from .._fields.fields import EntityFields
from .._language.builders import from_words
from .._language.nodes import Field, check_depth
from .._language.ports import EntityRule
from .._language.recorder import Condition, FieldExpr, Fields, field_of, record
from . import cursor as cursors
from .executor import QueryExecutor
from .grouping import Grouping, calculations
from .pages import CursorPage, Page, Slice, checked_number
from .plan import Aggregate, Aggregation, Order, QueryPlan

T = TypeVar("T")
Operator: TypeAlias = Literal[
    "=", "==", "!=", "<>", "<", "<=", ">", ">=",
    "like", "not like", "ilike", "not ilike",
    "contains", "not contains", "startswith", "not startswith", "endswith", "not endswith",
    "in", "not in", "between", "is null", "is not null",
]  # fmt: skip
Direction: TypeAlias = Literal["asc", "desc"]
NullsPlace: TypeAlias = Literal["last", "first"]
Predicate: TypeAlias = Callable[[Fields[T]], Condition | FieldExpr]
Choice: TypeAlias = str | Callable[[Fields[Any]], FieldExpr]


class Query(Generic[T]):
    """A query on a repository. Builder methods return a new query; `get`, `first`, ... run the query.

    Names in strings reach declared fields that are not private; lambdas reach all. Both are checked when the query is
    built, before a statement is sent.
    """

    __slots__ = ("_executor", "_plan")

    def __init__(self, fields: EntityFields, executor: QueryExecutor[T]) -> None:
        self._plan, self._executor = QueryPlan(fields), executor

    @property
    def plan(self) -> QueryPlan:
        """The plan of the query."""
        return self._plan

    @overload
    def where(self, field: str, op: Operator, value: Any = ..., /) -> Query[T]: ...

    @overload
    def where(self, predicate: Predicate[T], /) -> Query[T]: ...

    @overload
    def where(self, spec: EntityRule[T], /) -> Query[T]: ...

    def where(self, what: Any, op: Any = None, value: Any = None, /) -> Query[T]:
        """Keep entities for which a condition is TRUE, in addition to earlier conditions.

        Args:
            what: the name of a field, dotted for value objects; or a lambda; or a specification.
            op: with a name, the operator; case does not matter.
            value: with a name, the operand; none for `is null` and `is not null`.

        Raises:
            QueryError: the field, the operator or the value is not valid.
        """
        if isinstance(what, str) or op is not None:
            path = Field(self._plan.fields.resolve(what))
            return self._with(nodes=(*self._plan.nodes, check_depth(from_words(path, op, value))))
        if hasattr(what, "is_satisfied_by"):
            return self._where_spec(what)
        if callable(what):
            return self._with(nodes=(*self._plan.nodes, record(what, self._plan.fields)))
        raise InvalidPredicateError(f"where() cannot take {shown(what)}", "a query", "give a name, lambda or spec")

    def order_by(self, field: Choice, direction: Direction = "asc", /, *, nulls: NullsPlace = "last") -> Query[T]:
        """Order by a field, after earlier keys; the identifier comes last, in the direction of the last key.

        Args:
            field: a field, by name or lambda.
            direction: asc or desc; case does not matter.
            nulls: the place of missing values, in either direction.

        Raises:
            QueryError: the field is unknown or has no order, or the direction is unknown.
        """
        return self._with(order=(*self._plan.order, Order.of(self._field(field), direction, nulls)))

    def limit(self, most: int) -> Query[T]:
        """Limit the number of entities, 0 or more."""
        return self._with(limit=checked_number(most, "the limit", least=0))

    def offset(self, first: int) -> Query[T]:
        """Skip a number of entities, 0 or more."""
        return self._with(offset=checked_number(first, "the offset", least=0))

    def without(self, *policies: str) -> Query[T]:
        """Disable policies of the repository by name, such as `soft_delete`; tenant policies always apply."""
        return self._with(lifted=self._plan.lifted | frozenset(policies))

    async def get(self) -> list[T]:
        """Return the entities."""
        return await self._executor.fetch(self._plan)

    async def first(self) -> T | None:
        """Return the first entity, or None."""
        entities = await self._executor.fetch(replace(self._plan, limit=_least(self._plan.limit, 1)))
        return entities[0] if entities else None

    async def one_or_none(self) -> T | None:
        """Return the only entity, or None.

        Raises:
            MultipleResultsError: there are several entities.
        """
        entities = await self._executor.fetch(replace(self._plan, limit=_least(self._plan.limit, 2)))
        if len(entities) > 1:
            raise MultipleResultsError(
                f"more than one {self._plan.fields.entity.__name__} matches", "a query", "narrow it, or call first()"
            )
        return entities[0] if entities else None

    async def count(self) -> int:
        """Return the number of entities, ignoring limit and offset."""
        return await self._executor.count(self._plan)

    async def exists(self) -> bool:
        """Return whether any entity exists."""
        return await self.first() is not None

    async def page(self, number: int = 1, size: int = 20) -> Page[T]:
        """Return a numbered page and the number of all results.

        Args:
            number: the number of the page, from 1.
            size: the number of entities on a full page, from 1.
        """
        plan = self._numbered(number, size)
        items = await self._executor.fetch(plan)
        total = await self._executor.count(plan)
        return Page(items=items, number=number, size=size, total=total)

    async def slice(self, number: int = 1, size: int = 20) -> Slice[T]:
        """Return a numbered page without the total; arguments as in `page`."""
        plan = self._numbered(number, size)
        items = await self._executor.fetch(replace(plan, limit=size + 1))
        return Slice(items=items[:size], number=number, size=size, has_next=len(items) > size)

    async def cursor(self, *, after: str | None = None, before: str | None = None, size: int = 20) -> CursorPage[T]:
        """Return the page after or before a position.

        Args:
            after: the `next` of the previous page; None for the first page.
            before: the `previous` of the next page.
            size: the number of entities on a full page, from 1.

        Raises:
            InvalidCursorError: the cursor was changed, or belongs to another query.
        """
        checked_number(size, "the size", least=1)
        if after is not None and before is not None:
            raise InvalidPageError("after and before are both given", "cursor", "give one of them")
        if self._plan.limit is not None or self._plan.offset:
            raise InvalidPageError("limit and offset do not apply to a cursor", "cursor", "give size=")
        return await self._keyset(after if before is None else before, size, backward=before is not None)

    async def _keyset(self, place: str | None, size: int, *, backward: bool) -> CursorPage[T]:
        executor, plan = self._executor, self._plan
        order = plan.total_order(executor.identity)
        walked = tuple(key.reversed() for key in order) if backward else order
        plans: tuple[QueryPlan, ...] = (plan,)
        if place is not None:
            values = cursors.decode(place, order, plan, executor.cursor_secret)
            plans = tuple(replace(plan, nodes=(*plan.nodes, part)) for part in cursors.beyond(walked, values))
        entities: list[T] = []
        for part in plans:
            if len(entities) <= size:
                entities += await executor.fetch(replace(part, order=walked, limit=size + 1 - len(entities)))
        more, items = len(entities) > size, entities[:size]
        if backward:
            items.reverse()

        def at(entity: T) -> str:
            return cursors.encode(entity, order, plan, executor.cursor_secret)

        has_next, has_previous = (True, more) if backward else (more, place is not None)
        return CursorPage(
            items=items,
            next=at(items[-1]) if items and has_next else None,
            previous=at(items[0]) if items and has_previous else None,
        )

    async def stream(self, *, batch: int = 1000) -> AsyncIterator[T]:
        """Iterate over the entities without loading all into memory, `batch` at a time, from 1."""
        checked_number(batch, "the batch", least=1)
        async for entity in self._executor.stream(self._plan, batch):
            yield entity

    def group(self, *by: Choice) -> Grouping[T]:
        """Group by fields, given by name or lambda, for aggregation."""
        return Grouping(self, tuple(self._field(choice) for choice in by))

    async def aggregate(self, **columns: Aggregate) -> dict[str, Any]:
        """Calculate over all selected entities: `aggregate(n=count(), total=sum_("price"))`.

        Raises:
            UnsupportedPredicateError: stores would disagree on the calculation for a field of this kind.
        """
        aggregation = Aggregation((), calculations(columns, self._field))
        (row,) = await self._executor.aggregate(self._plan, aggregation)
        return row

    async def explain(self) -> str:
        """Return the store's plan for the query."""
        return await self._executor.explain(self._plan)

    def to_sql(self) -> str:
        """Return the statement of the query, with constants written out; for reading only."""
        return self._executor.to_sql(self._plan)

    def _where_spec(self, spec: EntityRule[T]) -> Query[T]:
        node = spec.to_node(self._plan.fields)
        if node is None:
            return self._with(specs=(*self._plan.specs, spec))
        return self._with(nodes=(*self._plan.nodes, check_depth(node)))

    def _numbered(self, number: int, size: int) -> QueryPlan:
        checked_number(number, "the page number", least=1)
        checked_number(size, "the size", least=1)
        if self._plan.limit is not None or self._plan.offset:
            raise InvalidPageError("limit and offset do not apply to a page", "page", "give number and size")
        first = checked_number((number - 1) * size, "the offset of the page", least=0)
        return replace(self._plan, limit=size, offset=first)

    def _field(self, choice: Choice) -> Field:
        if callable(choice):
            return field_of(choice, self._plan.fields)
        return Field(self._plan.fields.resolve(choice))

    def _with(self, **changes: Any) -> Query[T]:
        changed = object.__new__(type(self))  # a copy; the constructor would start a new plan
        changed._plan, changed._executor = replace(self._plan, **changes), self._executor
        return changed


def _least(limit: int | None, most: int) -> int:
    return most if limit is None else min(limit, most)
