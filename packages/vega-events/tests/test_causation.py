"""Cause and correlation flow from event to event."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from vega.events import (
    Event,
    EventBus,
    current_event,
)


@dataclass(frozen=True)
class Ordered(Event):
    key: str = "k"


@dataclass(frozen=True)
class Paid(Event):
    key: str = "k"


@dataclass(frozen=True)
class Shipped(Paid): ...


@pytest.mark.parametrize("mode", ["sequential", "concurrent"])
def test_cause_and_correlation_flow_from_event_to_event(mode: Any) -> None:
    bus = EventBus()
    order, paid, shipped = Ordered(), Paid(), Shipped()

    @bus.subscribe(Ordered)
    async def pay(event: Ordered) -> None:
        await bus.publish(paid, mode=mode)

    bus.subscribe(Ordered, lambda event: None)

    @bus.subscribe(Paid, when=lambda event: event is paid)
    async def ship(event: Paid) -> None:
        await bus.publish(shipped, mode=mode)

    asyncio.run(bus.publish(order, mode=mode))

    assert order.metadata == {}
    assert paid.metadata == {"causation_id": order.event_id, "correlation_id": order.event_id}
    assert shipped.metadata == {"causation_id": paid.event_id, "correlation_id": order.event_id}


def test_a_correlation_that_was_set_is_kept_and_passed_on() -> None:
    bus = EventBus()
    order, paid = Ordered(), Paid()
    order.add_metadata("correlation_id", "request-7")
    paid.add_metadata("causation_id", "given")

    @bus.subscribe(Ordered)
    async def pay(event: Ordered) -> None:
        await bus.publish(paid)

    asyncio.run(bus.publish(order))

    assert paid.metadata == {"causation_id": "given", "correlation_id": "request-7"}


def test_an_event_is_no_cause_of_itself() -> None:
    bus, event, times = EventBus(), Ordered(), list[int]()

    @bus.subscribe(Ordered)
    async def again(event: Ordered) -> None:
        times.append(1)
        if len(times) < 3:
            await bus.publish(event)

    asyncio.run(bus.publish(event))

    assert (len(times), event.metadata) == (3, {})


def test_the_current_event_is_that_of_the_handler_and_a_task_it_starts() -> None:
    bus, seen = EventBus(), list[Event | None]()
    tasks: list[asyncio.Task[None]] = []

    async def later() -> None:
        seen.append(current_event())

    @bus.subscribe(Ordered)
    async def handler(event: Ordered) -> None:
        seen.append(current_event())
        tasks.append(asyncio.create_task(later()))

    event = Ordered()

    async def main() -> None:
        await bus.publish(event)
        seen.append(current_event())
        await tasks[0]

    asyncio.run(main())
    assert seen == [event, None, event]
