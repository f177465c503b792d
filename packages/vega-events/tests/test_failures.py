"""No error of a handler is lost, and none stops another handler."""

import asyncio
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.events import Backoff, Event, EventBus, EventHandlerErrors, HandlerError, HandlerFailure, Mode, current_event

NOW = Backoff(base=0)


@dataclass(frozen=True)
class Happened(Event):
    key: str = "k"


def failing(error: Exception, seen: list[str] | None = None) -> Callable[[Happened], None]:
    def handler(event: Happened) -> None:
        if seen is not None:
            seen.append("tried")
        raise error

    return handler


@pytest.mark.parametrize("mode", ["sequential", "concurrent"])
def test_two_of_three_fail_the_third_runs_and_both_errors_arrive(mode: Mode) -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Happened, failing(ValueError("one")))
    bus.subscribe(Happened, failing(KeyError("two")))
    bus.subscribe(Happened, lambda event: seen.append(event.key))

    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(Happened(), mode=mode))

    assert seen == ["k"]
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]
    assert [failure.attempts for failure in caught.value.failures] == [1, 1]
    assert "failing.<locals>.handler: ValueError: one" in str(caught.value)


@given(st.lists(st.booleans(), max_size=12), st.sampled_from(["sequential", "concurrent"]))
def test_every_handler_runs_and_every_failure_is_reported_once(fails: list[bool], mode: Mode) -> None:
    bus, ran = EventBus(), list[int]()

    def make(index: int, wrong: bool) -> Callable[[Happened], None]:
        def handler(event: Happened) -> None:
            ran.append(index)
            if wrong:
                raise RuntimeError(str(index))

        return handler

    for index, wrong in enumerate(fails):
        bus.subscribe(Happened, make(index, wrong))
    expected = [str(index) for index, wrong in enumerate(fails) if wrong]
    reported: list[str] = []
    try:
        asyncio.run(bus.publish(Happened(), mode=mode))
    except EventHandlerErrors as errors:
        reported = [str(error) for error in errors.exceptions]

    assert ran == list(range(len(fails)))
    assert reported == expected


def test_the_group_can_be_taken_apart_by_type_and_pickled() -> None:
    bus = EventBus()
    bus.subscribe(Happened, failing(ValueError("one")))
    bus.subscribe(Happened, failing(KeyError("two")))
    handled: list[str] = []

    try:
        asyncio.run(bus.publish(Happened()))
    except* ValueError as part:
        handled.extend(failure.handler for failure in part.failures)  # type: ignore[attr-defined]  # except* is typed as a plain group
    except* KeyError as part:
        again = pickle.loads(pickle.dumps(part))
        handled.append(str(again.failures[0].error))

    assert handled == [f"{__name__}:failing.<locals>.handler", "'two'"]


def test_retries_come_before_lower_priorities_and_count_from_the_second_attempt() -> None:
    bus, seen = EventBus(), list[str]()

    @bus.subscribe(Happened, priority=1, retry_on_error=True, max_retries=3, backoff=NOW)
    async def flaky(event: Happened) -> None:
        seen.append("flaky")
        raise ConnectionError

    bus.subscribe(Happened, lambda event: seen.append("low"))
    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(Happened()))

    assert seen == ["flaky"] * 4 + ["low"]
    assert caught.value.failures[0].attempts == 4
    assert isinstance(caught.value.exceptions[0], ConnectionError)


def test_only_the_named_errors_are_retried() -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Happened, failing(ValueError(), seen), retry_on_error=(ConnectionError, OSError), backoff=NOW)

    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(Happened()))

    assert (seen, caught.value.failures[0].attempts) == (["tried"], 1)


def test_the_delays_are_those_of_the_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("vega.events._handlers.retries.asyncio.sleep", sleep)
    bus = EventBus()
    policy = Backoff(base=0.1, cap=0.3, jitter=0)
    bus.subscribe(Happened, failing(OSError()), retry_on_error=OSError, max_retries=4, backoff=policy)

    with pytest.raises(EventHandlerErrors):
        asyncio.run(bus.publish(Happened()))

    assert slept == pytest.approx([0.1, 0.2, 0.3, 0.3])


def test_a_cancelled_publish_stops_at_once_and_keeps_what_failed_before() -> None:
    bus, seen = EventBus(), list[str]()
    waiting = asyncio.Event()
    bus.subscribe(Happened, failing(ValueError("before")), priority=1)

    @bus.subscribe(Happened, retry_on_error=True, backoff=Backoff(base=60, cap=60))
    async def waits(event: Happened) -> None:
        seen.append("attempt")
        waiting.set()
        raise ConnectionError

    bus.subscribe(Happened, lambda event: seen.append("never"), priority=-1)

    async def main() -> BaseException | None:
        task = asyncio.create_task(bus.publish(Happened()))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        return caught.value.__cause__

    cause = asyncio.run(main())
    assert seen == ["attempt"]
    assert isinstance(cause, EventHandlerErrors)
    assert str(cause.exceptions[0]) == "before"


def test_a_cancelled_concurrent_publish_cancels_its_handlers() -> None:
    bus, seen = EventBus(), list[str]()
    started = asyncio.Barrier(3)

    async def waits(event: Happened) -> None:
        try:
            await started.wait()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def waits_too(event: Happened) -> None:
        await waits(event)

    bus.subscribe(Happened, waits)
    bus.subscribe(Happened, waits_too)

    async def main() -> None:
        task = asyncio.create_task(bus.publish(Happened(), mode="concurrent"))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["cancelled", "cancelled"]


def test_a_hook_sees_each_failure_and_the_publisher_does_too() -> None:
    bus, seen = EventBus(), list[HandlerFailure]()

    @bus.on_error
    async def hook(failure: HandlerFailure) -> None:
        seen.append(failure)

    bus.subscribe(Happened, failing(ValueError("one")))
    event = Happened()
    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(event))

    assert tuple(seen) == caught.value.failures
    assert seen[0].event is event


def test_a_failing_hook_is_a_failure_too() -> None:
    bus = EventBus()

    @bus.on_error
    def hook(failure: HandlerFailure) -> None:
        raise LookupError("hook")

    bus.subscribe(Happened, failing(ValueError("one")))
    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(Happened()))

    assert [str(error) for error in caught.value.exceptions] == ["one", "hook"]


def test_a_hook_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(HandlerError):
        EventBus().on_error("log")  # type: ignore[type-var]  # that is the mistake


def test_publish_many_publishes_all_and_reports_all() -> None:
    bus, seen = EventBus(), list[str]()

    @bus.subscribe(Happened)
    def handler(event: Happened) -> None:
        seen.append(event.key)
        if event.key in "ac":
            raise ValueError(event.key)

    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish_many([Happened("a"), Happened("b"), Happened("c")]))

    assert seen == ["a", "b", "c"]
    assert [failure.event.key for failure in caught.value.failures] == ["a", "c"]  # type: ignore[attr-defined]  # they are Happened


def test_publish_many_that_a_middleware_stops_keeps_what_failed_before() -> None:
    bus = EventBus()

    async def guard(context: Any, call_next: Any) -> None:
        if context.event.key == "b":
            raise PermissionError
        await call_next(context)

    bus.add_middleware(guard)
    bus.subscribe(Happened, failing(ValueError("a")))
    with pytest.raises(PermissionError) as caught:
        asyncio.run(bus.publish_many([Happened("a"), Happened("b")]))

    assert isinstance(caught.value.__cause__, EventHandlerErrors)


def test_a_publish_that_nobody_finishes_is_closed_without_a_complaint() -> None:
    bus = EventBus()

    @bus.subscribe(Happened)
    async def never(event: Happened) -> None:
        await asyncio.Event().wait()

    async def start() -> Any:
        coroutine = bus.publish(Happened())
        coroutine.send(None)
        return coroutine

    coroutine = asyncio.run(start())
    coroutine.close()
    asyncio.run(bus.drain(timeout=1))

    assert coroutine.cr_frame is None
    assert current_event() is None


@pytest.mark.parametrize("when", [lambda event: 1 / 0])
def test_a_condition_that_fails_is_a_failure_of_its_handler(when: Any) -> None:
    bus = EventBus()
    bus.subscribe(Happened, failing(ValueError()), when=when)

    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(Happened()))

    assert isinstance(caught.value.exceptions[0], ZeroDivisionError)
    assert caught.value.failures[0].attempts == 0


def test_a_condition_chooses_the_events() -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Happened, lambda event: seen.append(event.key), when=lambda event: event.key == "yes")

    asyncio.run(bus.publish_many([Happened("no"), Happened("yes")]))

    assert seen == ["yes"]
