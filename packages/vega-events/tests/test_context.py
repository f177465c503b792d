"""What flows with an event: cause and correlation, the current bus, captures, and draining at the end."""

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from vega.events import (
    DrainError,
    Event,
    EventBus,
    EventHandlerErrors,
    EventTypeError,
    current_event,
    get_event_bus,
    set_event_bus,
    use_event_bus,
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


def test_the_bus_of_a_context_does_not_leak_into_others() -> None:
    default, mine = get_event_bus(), EventBus()
    seen: dict[str, EventBus] = {}

    async def task() -> None:
        set_event_bus(mine)
        seen["task"] = get_event_bus()

    async def main() -> None:
        await asyncio.create_task(task())
        seen["after"] = get_event_bus()
        thread = threading.Thread(target=lambda: seen.update(thread=get_event_bus()))
        with use_event_bus(mine):
            thread.start()
            thread.join()
            seen["within"] = get_event_bus()

    asyncio.run(main())
    assert seen == {"task": mine, "after": default, "thread": default, "within": mine}


def test_the_process_default_is_for_those_who_set_none() -> None:
    before, mine, shared = get_event_bus(), EventBus(), EventBus()
    try:
        set_event_bus(shared, process=True)
        with use_event_bus(mine):
            set_event_bus(shared, process=True)
            assert get_event_bus() is mine
        assert get_event_bus() is shared
    finally:
        set_event_bus(before, process=True)


@pytest.mark.parametrize("thing", [EventBus, "bus"])
@pytest.mark.parametrize("function", [set_event_bus, use_event_bus])
def test_an_object_that_is_not_a_bus_cannot_be_the_current_one(function: Any, thing: Any) -> None:
    with pytest.raises(EventTypeError, match="not an EventBus"):
        function(thing)


def test_capture_sees_what_reaches_the_handlers_and_delivers_it() -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Paid, lambda event: seen.append(event.key))

    with bus.capture() as captured:
        asyncio.run(bus.publish_many([Ordered("a"), Paid("b"), Shipped("c")]))
    asyncio.run(bus.publish(Paid("unseen")))

    assert seen == ["b", "c", "unseen"]
    assert [type(event).__name__ for event in captured] == ["Ordered", "Paid", "Shipped"]
    assert (len(captured), captured[0], len(captured[1:])) == (3, captured.of(Ordered)[0], 2)
    assert captured.assert_published(Paid, times=2).key == "b"
    assert captured.assert_published(Paid, key="c") is captured[2]
    captured.assert_not_published(Ordered, key="b")


def test_capture_can_hold_events_back() -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Paid, lambda event: seen.append(event.key))

    with bus.capture() as outer, bus.capture(deliver=False) as inner:
        asyncio.run(bus.publish(Paid()))

    assert (seen, len(outer), len(inner)) == ([], 1, 1)


def test_an_event_that_middleware_refuses_was_not_published() -> None:
    bus = EventBus()

    async def refuse(context: Any, call_next: Any) -> None:
        raise PermissionError

    bus.add_middleware(refuse)
    with bus.capture() as captured, pytest.raises(PermissionError):
        asyncio.run(bus.publish(Paid()))

    captured.assert_not_published()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda captured: captured.assert_published(Shipped), r"expected at least 1 x Shipped\(\), saw 0"),
        (lambda captured: captured.assert_published(Paid, times=2), "expected 2 x Paid"),
        (lambda captured: captured.assert_published(Paid, key="z"), "key='z'"),
        (lambda captured: captured.assert_published(Paid, unknown=1), "saw 0"),
        (lambda captured: captured.assert_not_published(Paid), "expected no Paid"),
        (lambda captured: captured.assert_not_published(), "expected no Event"),
    ],
)
def test_an_assertion_that_fails_says_what_was_published(ask: Any, message: str) -> None:
    bus = EventBus()
    with bus.capture() as captured:
        asyncio.run(bus.publish(Paid("b")))

    with pytest.raises(AssertionError, match=message) as caught:
        ask(captured)
    assert "key='b'" in str(caught.value)
    assert "key='b'" in repr(captured)


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
