"""Groups of entities, and calculations on each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .._errors import InvalidPredicateError, UnsupportedPredicateError, shown
from .._fields.kinds import COMPARED
from .._language.nodes import Field
from .plan import Aggregate, Aggregation, Calculation, checked_column

if TYPE_CHECKING:  # used in annotations only
    from .query import Query

T = TypeVar("T")


class Grouping(Generic[T]):
    """The groups of `Query.group`."""

    __slots__ = ("_keys", "_query")

    def __init__(self, query: Query[T], keys: tuple[Field, ...]) -> None:
        for key in keys:
            if key.info.kind not in COMPARED:
                raise UnsupportedPredicateError(f"{key} is a {key.info.kind}, which makes no groups", "group")
        self._query, self._keys = query, keys

    async def aggregate(self, **columns: Aggregate) -> list[dict[str, Any]]:
        """Return a dict per group: the keys by dotted name, and the columns.

        Groups are ordered by key, missing values last; enums are ordered by stored text.
        """
        query = self._query
        aggregation = Aggregation(self._keys, calculations(columns, query._field))  # pyright: ignore[reportPrivateUsage] - a group
        return await query._executor.aggregate(query.plan, aggregation)  # pyright: ignore[reportPrivateUsage] - is part of it


def calculations(
    columns: Mapping[str, Aggregate], field: Callable[[Any], Field]
) -> tuple[tuple[str, Calculation, Field | None], ...]:
    """Return checked columns of an aggregation."""
    checked: list[tuple[str, Calculation, Field | None]] = []
    for name, column in columns.items():
        if not isinstance(cast("object", column), Aggregate):  # callers may not use a type checker
            raise InvalidPredicateError(f"{name} is {shown(column)}", "aggregate", "give count(), sum_(...), avg(...)")
        target = None if column.path is None else field(column.path)
        checked.append((name, column.calculation, checked_column(column.calculation, target)))
    return tuple(checked)
