"""Queries over the copies in a memory repository, under the policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from vega.patterns.query import MemoryExecutor, QueryPlan, select

from .._mapping.policies import Policies
from .unit_of_work import open_memory_unit

T = TypeVar("T")


class PolicyExecutor(MemoryExecutor[T]):
    """An executor that returns copies of stored entities, and registers the copies in the open unit.

    Args:
        stored: returns the stored entities.
        policies: the policies of the entity.
    """

    def __init__(self, stored: Callable[[], Iterable[T]], policies: Policies) -> None:
        self._policies = policies
        super().__init__(stored, (policies.identity_field,))

    async def fetch(self, plan: QueryPlan) -> list[T]:
        """Return copies of the selected entities."""
        return self.given_out(await super().fetch(plan))

    def select(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities without copying."""
        return super().select(replace(plan, nodes=self._policies.seen(plan)))

    def given_out(self, entities: list[T]) -> list[T]:
        """Return copies."""
        copies = [self._policies.layout.copy(entity) for entity in entities]
        unit = open_memory_unit()
        if unit is not None:
            for copied in copies:
                unit.loaded_aggregates.keep(self._policies.layout.entity, self._policies.identity_of(copied), copied)
        return copies


def visible(entities: list[T], policies: Policies, plan: QueryPlan) -> list[T]:
    """Return the entities visible under the policies."""
    seen = replace(plan, nodes=policies.seen(plan))
    return select(seen.node, entities)
