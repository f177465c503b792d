"""Events published from many tasks: none is lost, and memory stays flat."""

import asyncio
import gc
import os
import sys
from collections import Counter
from dataclasses import dataclass

import pytest

from vega.events import Event, EventBus, EventHandlerErrors, MetricsEventMiddleware

TASKS = 8
BEFORE = 5_000
EVENTS = 1_000_000 if os.environ.get("VEGA_FULL") == "1" else 40_000


@dataclass(frozen=True, slots=True)
class Counted(Event):
    number: int


@pytest.mark.timeout(900)
def test_events_from_eight_tasks_with_failing_handlers_are_all_handled_and_all_failures_arrive() -> None:
    bus, handled, caught = EventBus(), Counter[str](), Counter[str]()
    metrics = MetricsEventMiddleware()
    bus.add_middleware(metrics)

    @bus.subscribe(Counted, priority=1)
    async def sometimes_fails(event: Counted) -> None:
        handled["first"] += 1
        if event.number % 7 == 0:
            await asyncio.sleep(0)
            raise ValueError(event.number)

    @bus.subscribe(Event)
    def always_runs(event: Event) -> None:
        handled["second"] += 1

    async def publisher(numbers: range) -> None:
        for number in numbers:
            try:
                await bus.publish(Counted(number))
            except EventHandlerErrors as errors:
                caught["failures"] += len(errors.failures)

    async def publish(count: int) -> int:
        """Publish from all tasks; return how many blocks of memory are in use afterwards."""
        await asyncio.gather(*(publisher(range(first, count, TASKS)) for first in range(TASKS)))
        gc.collect()
        return sys.getallocatedblocks()

    async def main() -> int:
        before = await publish(BEFORE)
        return await publish(EVENTS) - before

    grown = asyncio.run(main())

    total, failing = BEFORE + EVENTS, len(range(0, BEFORE, 7)) + len(range(0, EVENTS, 7))
    assert handled == {"first": total, "second": total}
    assert caught["failures"] == failing
    assert metrics.get_metrics()["Counted"]["count"] == total
    assert metrics.get_metrics()["Counted"]["errors"] == failing
    assert grown < 1_000
