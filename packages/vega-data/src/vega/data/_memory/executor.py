"""Queries over the copies that a repository in memory keeps, under its policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from vega.patterns.query import MemoryExecutor, QueryPlan, select

from .._mapping.policies import Policies
from .unit_of_work import open_memory_unit

T = TypeVar("T")


class PolicyExecutor(MemoryExecutor[T]):
    """Gives out copies of what is kept, and notes them in the open unit.

    Args:
        stored: returns what is kept.
        policies: the policies of the entity.
    """

    def __init__(self, stored: Callable[[], Iterable[T]], policies: Policies) -> None:
        self._policies = policies
        super().__init__(stored, (policies.identity_field,))

    async def fetch(self, plan: QueryPlan) -> list[T]:
        """Return copies of the selected entities."""
        return self.given_out(await super().fetch(plan))

    def select(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities as they are kept."""
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
    """Return the entities that the policies let be seen."""
    seen = replace(plan, nodes=policies.seen(plan))
    return select(seen.node, entities)
