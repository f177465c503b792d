"""Queries over entities in memory, under the policies of their mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from vega.patterns.query import MemoryExecutor, QueryPlan, select

from .._mapping.policies import Policies

T = TypeVar("T")


class PolicyExecutor(MemoryExecutor[T]):
    """Queries over the copies that a repository keeps, under its policies; gives out copies of them."""

    def __init__(self, stored: Callable[[], Iterable[T]], policies: Policies) -> None:
        self._policies = policies
        super().__init__(stored, (policies.identity_field,))

    async def fetch(self, plan: QueryPlan) -> list[T]:
        """Return copies of the selected entities, in the total order."""
        copy = self._policies.layout.copy
        return [copy(entity) for entity in await super().fetch(plan)]

    def select(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities as they are kept, under the policies."""
        return super().select(replace(plan, nodes=self._policies.seen(plan)))


def visible(entities: list[T], policies: Policies, plan: QueryPlan) -> list[T]:
    """Return those of some entities that a plan and the policies let be seen."""
    seen = replace(plan, nodes=policies.seen(plan))
    return select(seen.node, entities)
