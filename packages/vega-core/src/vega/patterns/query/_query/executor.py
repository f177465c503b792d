"""The port that a store implements to answer queries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar

from .._fields.fields import FieldInfo
from .plan import Aggregation, QueryPlan

T = TypeVar("T")


class QueryExecutor(Protocol[T]):
    """Answers queries; every executor answers alike, by the written semantics."""

    @property
    def identity(self) -> tuple[FieldInfo, ...]:
        """The fields that identify an entity, appended to every order."""
        ...

    @property
    def cursor_secret(self) -> bytes:
        """The key that signs cursors."""
        ...

    async def fetch(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities, in the total order."""
        ...

    async def count(self, plan: QueryPlan) -> int:
        """Return how many entities are selected, whatever limit and offset say."""
        ...

    def stream(self, plan: QueryPlan, batch: int) -> AsyncIterator[T]:
        """Iterate over the selected entities, so many at a time."""
        ...

    async def aggregate(self, plan: QueryPlan, aggregation: Aggregation) -> list[dict[str, Any]]:
        """Return one row for each group, ordered by its keys."""
        ...

    async def explain(self, plan: QueryPlan) -> str:
        """Return how the store would answer."""
        ...

    def to_sql(self, plan: QueryPlan) -> str:
        """Return the statement that would be sent, with its constants written out; for reading only."""
        ...
