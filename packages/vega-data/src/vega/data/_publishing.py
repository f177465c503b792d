"""What aggregates recorded, on its way to the bus: with the unit that is open, or at once."""

from __future__ import annotations

from collections.abc import Iterable

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
