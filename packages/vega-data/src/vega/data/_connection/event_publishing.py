"""Publishing of recorded events, after the commit of the open unit or at once, and scopes for callbacks after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import isawaitable
from typing import Any

from vega.di import current_scope, get_container
from vega.events import get_event_bus
from vega.patterns import AggregateRoot, current_unit


async def publish_events(entities: Iterable[object]) -> None:
    """Hand aggregates to the open unit, which publishes their events after its commit; without one publish now."""
    roots = [entity for entity in entities if isinstance(entity, AggregateRoot)]
    if not roots:
        return
    unit = current_unit()
    if unit is not None:
        unit.collect(*roots)
        return
    bus = get_event_bus()
    for root in roots:
        for event in root.pull_events():
            await bus.publish(event)


def in_fresh_scopes(callbacks: list[Callable[[], Any]]) -> list[Callable[[], Any]]:
    """Return what follows a commit, each with a scope of its own where there is one: it is an edge like a request."""
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
