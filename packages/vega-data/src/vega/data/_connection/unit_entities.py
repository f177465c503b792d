"""Entities in a unit of work: events are published after the commit, generated values are taken back by a rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from inspect import isawaitable
from typing import Any, TypeVar

from vega.di import current_scope, get_container
from vega.events import get_event_bus
from vega.patterns import AggregateRoot, current_unit, run_after_commit

from .._mapping.copies import all_with_values, with_values

T = TypeVar("T")


class LoadedAggregates:
    """Aggregates read by a unit, so that events of an aggregate deleted by identifier are published."""

    def __init__(self) -> None:
        self._roots: dict[tuple[object, Any], list[AggregateRoot]] = {}

    def keep(self, place: object, identity: Any, entity: object) -> None:
        """Remember an aggregate; other entities are ignored."""
        if isinstance(entity, AggregateRoot):
            self._roots.setdefault((place, identity), []).append(entity)

    def of(self, place: object, identity: Any) -> list[AggregateRoot]:
        """Return the loaded objects of an aggregate."""
        return self._roots.get((place, identity), [])


def with_generated(entity: T, changes: Mapping[str, Any], store: object) -> T:
    """Return an entity with generated values, as `with_values`; a rollback of the open unit restores the old values."""
    unit = current_unit(store)
    if unit is None:
        return with_values(entity, changes)
    before = _values(entity, changes)
    stored = with_values(entity, changes)
    if stored is entity:
        unit.after_rollback(lambda: with_values(entity, before))
    return stored


def all_with_generated(entities: Sequence[T], changes: Sequence[Mapping[str, Any]], store: object) -> list[T]:
    """Return many entities with generated values; a rollback of the open unit restores the old values."""
    unit = current_unit(store)
    if unit is None:
        return all_with_values(entities, changes)
    before = [_values(entity, change) for entity, change in zip(entities, changes, strict=True)]
    stored = all_with_values(entities, changes)
    changed = [place for place, entity in enumerate(entities) if stored[place] is entity]
    if changed:
        unit.after_rollback(lambda: [with_values(entities[place], before[place]) for place in changed])
    return stored


async def publish_events(entities: Iterable[object], store: object) -> None:
    """Pass aggregates to the open unit, which publishes events after the commit; without a unit publish now.

    Args:
        entities: the entities that were stored or deleted.
        store: the store of the entities, whose unit publishes the events; else the innermost unit.

    Raises:
        AfterCommitErrors: without a unit, event handlers failed, and no edge reports the failure.
    """
    roots = [entity for entity in entities if isinstance(entity, AggregateRoot)]
    if not roots:
        return
    unit = current_unit(store) or current_unit()
    if unit is not None:
        unit.collect(*roots)
        return
    publish = get_event_bus().publish
    await run_after_commit([partial(publish, event) for root in roots for event in root.pull_events()])


def _values(entity: object, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(entity, name) for name in changes if "." not in name}


def in_fresh_scopes(callbacks: list[Callable[[], Any]]) -> list[Callable[[], Any]]:
    """Return after-commit callbacks, each in a separate scope if a scope is current, as for a request."""
    if current_scope() is None:
        return callbacks
    return [_in_fresh_scope(callback) for callback in callbacks]


def _in_fresh_scope(callback: Callable[[], Any]) -> Callable[[], Any]:
    async def run() -> None:
        async with get_container().scope():
            result = callback()
            if isawaitable(result):
                await result

    return run
