"""Handlers that wait for the commit, by the seam that a unit of work uses."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from vega.events import Event, EventBus, EventHandlerErrors, Mode, current_event

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Happened(Event):
    key: str = "k"


class UnitOfWork:
    """Takes the work while it is active, as a real one does."""

    def __init__(self, *, active: bool = True) -> None:
        self.active, self.taken = active, list[Work]()

    def defer(self, work: Work) -> bool:
        if self.active:
            self.taken.append(work)
        return self.active

    async def commit(self) -> None:
        self.active = False
        for work in self.taken:
            await work()


def bus_and_log(unit: UnitOfWork | None) -> tuple[EventBus, list[str]]:
    bus, log = EventBus(defer=unit.defer if unit else None), list[str]()
    bus.subscribe(Happened, lambda event: log.append("after low"), phase="after_commit")
    bus.subscribe(Happened, lambda event: log.append("after high"), phase="after_commit", priority=9)
    bus.subscribe(Happened, lambda event: log.append("now"), priority=-9)
    return bus, log


@pytest.mark.parametrize("mode", ["sequential", "concurrent"])
def test_they_run_at_the_commit_by_priority(mode: Mode) -> None:
    unit = UnitOfWork()
    bus, log = bus_and_log(unit)

    async def main() -> list[str]:
        await bus.publish(Happened(), mode=mode)
        before = list(log)
        await unit.commit()
        return before

    assert asyncio.run(main()) == ["now"]
    assert log == ["now", "after high", "after low"]


def test_work_that_is_dropped_never_runs() -> None:
    unit = UnitOfWork()
    bus, log = bus_and_log(unit)

    asyncio.run(bus.publish(Happened()))
    unit.taken.clear()

    assert log == ["now"]


@pytest.mark.parametrize("unit", [None, UnitOfWork(active=False)])
def test_without_a_unit_of_work_they_run_at_once_behind_the_immediate_ones(unit: UnitOfWork | None) -> None:
    bus, log = bus_and_log(unit)

    asyncio.run(bus.publish(Happened()))

    assert log == ["now", "after high", "after low"]


def test_events_without_such_handlers_offer_no_work() -> None:
    unit = UnitOfWork()
    bus = EventBus(defer=unit.defer)
    bus.subscribe(Happened, lambda event: None)

    asyncio.run(bus.publish(Happened()))

    assert unit.taken == []


def test_their_errors_reach_whoever_runs_the_work() -> None:
    unit = UnitOfWork()
    bus, _ = bus_and_log(unit)

    def fails(event: Happened) -> None:
        raise ValueError("after")

    bus.subscribe(Happened, fails, phase="after_commit", priority=99)

    async def main() -> None:
        await bus.publish(Happened())
        await unit.commit()

    with pytest.raises(EventHandlerErrors, match="after"):
        asyncio.run(main())


def test_a_failing_immediate_handler_does_not_take_the_decision_from_the_unit_of_work() -> None:
    unit = UnitOfWork()
    bus, log = bus_and_log(unit)

    def fails(event: Happened) -> None:
        raise ValueError("now")

    bus.subscribe(Happened, fails)
    with pytest.raises(EventHandlerErrors):
        asyncio.run(bus.publish(Happened()))

    assert len(unit.taken) == 1
    assert log == ["now"]


def test_an_event_they_publish_is_caused_by_theirs_and_runs_at_once() -> None:
    unit = UnitOfWork()
    bus, log = EventBus(defer=unit.defer), list[Event | None]()
    cause, effect = Happened("cause"), Happened("effect")

    async def follow(event: Happened) -> None:
        log.append(current_event())
        if event is cause:
            await bus.publish(effect)

    bus.subscribe(Happened, follow, phase="after_commit")

    async def main() -> None:
        await bus.publish(cause)
        await unit.commit()

    asyncio.run(main())
    assert log == [cause, effect]
    assert effect.metadata["causation_id"] == cause.event_id


def test_drain_waits_for_them_as_well() -> None:
    unit = UnitOfWork()
    bus, log = EventBus(defer=unit.defer), list[str]()
    started, release = asyncio.Event(), asyncio.Event()

    async def slow(event: Happened) -> None:
        log.append("starts")
        started.set()
        await release.wait()
        log.append("ends")

    bus.subscribe(Happened, slow, phase="after_commit")

    async def main() -> None:
        await bus.publish(Happened())
        commit = asyncio.create_task(unit.commit())
        await started.wait()
        drain = asyncio.create_task(bus.drain(timeout=5))
        await asyncio.sleep(0)
        release.set()
        await drain
        log.append("drained")
        await commit

    asyncio.run(main())
    assert log == ["starts", "ends", "drained"]
