"""The query port of a store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar

from .._fields.fields import FieldInfo
from .plan import Aggregation, QueryPlan

T = TypeVar("T")


class QueryExecutor(Protocol[T]):
    """Runs queries; every executor returns the same results, by the specified semantics."""

    @property
    def identity(self) -> tuple[FieldInfo, ...]:
        """The fields that identify an entity; appended to every order."""
        ...

    @property
    def cursor_secret(self) -> bytes:
        """The key that signs cursors."""
        ...

    async def fetch(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities, in the total order."""
        ...

    async def count(self, plan: QueryPlan) -> int:
        """Return the number of selected entities, ignoring limit and offset."""
        ...

    def stream(self, plan: QueryPlan, batch: int) -> AsyncIterator[T]:
        """Iterate over the selected entities, fetched in batches."""
        ...

    async def aggregate(self, plan: QueryPlan, aggregation: Aggregation) -> list[dict[str, Any]]:
        """Return one row per group, ordered by the group keys."""
        ...

    async def explain(self, plan: QueryPlan) -> str:
        """Return the store's plan for the query."""
        ...

    def to_sql(self, plan: QueryPlan) -> str:
        """Return the statement of the query, with constants written out; for reading only."""
        ...
