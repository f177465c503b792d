"""Draining waits for publishes under way, within a time limit."""

import asyncio
import threading
from dataclasses import dataclass

import pytest

from vega.events import (
    DrainError,
    Event,
    EventBus,
    EventHandlerErrors,
)


@dataclass(frozen=True)
class Paid(Event):
    key: str = "k"


def test_drain_returns_when_the_last_publish_ends() -> None:
    bus, log, release = EventBus(), list[str](), asyncio.Event()

    @bus.subscribe(Paid)
    async def slow(event: Paid) -> None:
        await release.wait()
        log.append("handled")

    async def main() -> None:
        await bus.drain()
        tasks = [asyncio.create_task(bus.publish(Paid())) for _ in range(3)]
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(bus.drain(timeout=5)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        release.set()
        await asyncio.gather(*waiting)
        log.append("drained")
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert log == ["handled"] * 3 + ["drained"]


def test_drain_gives_up_after_its_time_and_names_what_hangs() -> None:
    bus = EventBus()

    @bus.subscribe(Paid)
    async def hangs(event: Paid) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(bus.publish(Paid()))
        await asyncio.sleep(0)
        with pytest.raises(DrainError, match=r"1 publishes did not end within 0\.01 s: Paid"):
            await bus.drain(timeout=0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await bus.drain(timeout=1)

    asyncio.run(main())


def test_a_handler_that_drains_its_own_bus_is_told_so() -> None:
    bus, other = EventBus(), EventBus()

    @bus.subscribe(Paid)
    async def drains(event: Paid) -> None:
        await other.drain()
        await bus.drain()

    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(Paid()))
    assert isinstance(caught.value.exceptions[0], DrainError)


def test_drain_waits_for_other_threads_too() -> None:
    bus, log = EventBus(), list[str]()
    started, release = threading.Event(), threading.Event()

    @bus.subscribe(Paid)
    def slow(event: Paid) -> None:
        started.set()
        release.wait(10)
        log.append("handled")

    async def main() -> None:
        thread = threading.Thread(target=lambda: asyncio.run(bus.publish(Paid())))
        thread.start()
        await asyncio.to_thread(started.wait, 10)
        waiting = asyncio.create_task(bus.drain(timeout=10))
        await asyncio.sleep(0)
        release.set()
        await waiting
        log.append("drained")
        thread.join()

    asyncio.run(main())
    assert log == ["handled", "drained"]
