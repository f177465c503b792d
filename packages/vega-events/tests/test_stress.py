"""Many events from many tasks: none is lost, and memory stays flat."""

import asyncio
import gc
import os
import tracemalloc
from collections import Counter
from dataclasses import dataclass

import pytest

from vega.events import Event, EventBus, EventHandlerErrors, MetricsEventMiddleware

TASKS = 8
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

    async def publisher(first: int) -> None:
        for number in range(first, EVENTS, TASKS):
            try:
                await bus.publish(Counted(number))
            except EventHandlerErrors as errors:
                caught["failures"] += len(errors.failures)

    async def main() -> tuple[int, int]:
        await asyncio.gather(*(publisher(task) for task in range(TASKS)))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        await asyncio.gather(*(publisher(task) for task in range(TASKS)))
        gc.collect()
        return before, tracemalloc.get_traced_memory()[0]

    tracemalloc.start(1)
    try:
        before, after = asyncio.run(main())
    finally:
        tracemalloc.stop()

    failing = 2 * len(range(0, EVENTS, 7))
    assert handled == {"first": 2 * EVENTS, "second": 2 * EVENTS}
    assert caught["failures"] == failing
    assert metrics.get_metrics()["Counted"]["count"] == 2 * EVENTS
    assert metrics.get_metrics()["Counted"]["errors"] == failing
    assert after - before < 100_000
