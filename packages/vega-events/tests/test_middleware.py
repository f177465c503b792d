"""What stands between the publisher and the handlers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.events import (
    CallNext,
    EnrichmentEventMiddleware,
    Event,
    EventBus,
    EventContext,
    EventHandlerErrors,
    EventTypeError,
    HandlerError,
    LoggingEventMiddleware,
    MetricsEventMiddleware,
    MiddlewareError,
    ValidationEventMiddleware,
)


@dataclass(frozen=True)
class Happened(Event):
    key: str = "k"


@dataclass(frozen=True)
class Special(Happened): ...


def passing(seen: list[str], name: str) -> Callable[[EventContext, CallNext], Awaitable[None]]:
    async def middleware(context: EventContext, call_next: CallNext) -> None:
        seen.append(f"+{name}")
        try:
            await call_next(context)
        finally:
            seen.append(f"-{name}")

    return middleware


def bus_with(*middlewares: Any, handler: Any = lambda event: None) -> EventBus:
    bus = EventBus()
    for middleware in middlewares:
        bus.add_middleware(middleware)
    bus.subscribe(Happened, handler)
    return bus


@given(st.integers(0, 8))
def test_the_first_is_outermost_and_all_enclose_the_handlers(count: int) -> None:
    seen: list[str] = []
    bus = bus_with(*(passing(seen, str(n)) for n in range(count)), handler=lambda event: seen.append("handler"))

    asyncio.run(bus.publish(Happened()))

    assert seen == [f"+{n}" for n in range(count)] + ["handler"] + [f"-{n}" for n in reversed(range(count))]


def test_what_comes_after_runs_when_a_handler_fails_and_sees_the_errors() -> None:
    seen: list[str] = []

    async def watching(context: EventContext, call_next: CallNext) -> None:
        try:
            await call_next(context)
        except EventHandlerErrors as errors:
            seen.append(str(errors.exceptions[0]))
            raise

    def fails(event: Happened) -> None:
        raise ValueError("wrong")

    with pytest.raises(EventHandlerErrors):
        asyncio.run(bus_with(passing(seen, "outer"), watching, handler=fails).publish(Happened()))

    assert seen == ["+outer", "wrong", "-outer"]


async def forgets(context: EventContext, call_next: CallNext) -> None: ...


async def calls_twice(context: EventContext, call_next: CallNext) -> None:
    await call_next(context)
    await call_next(context)


async def passes(context: EventContext, call_next: CallNext) -> None:
    await call_next(context)


@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize(
    ("culprit", "message", "runs"), [(forgets, "never reached its handlers", 0), (calls_twice, "called twice", 1)]
)
def test_a_middleware_that_breaks_the_chain_is_named(
    culprit: Any, message: str, runs: int, before: int, after: int
) -> None:
    seen: list[str] = []
    bus = bus_with(*[passes] * before, culprit, *[passes] * after, handler=lambda event: seen.append("handler"))

    with pytest.raises(MiddlewareError, match=message) as caught:
        asyncio.run(bus.publish(Happened()))

    assert culprit.__name__ in caught.value.where
    assert len(seen) == runs


@pytest.mark.parametrize("after", [0, 1])
def test_a_call_that_is_not_awaited_is_an_error(after: int) -> None:
    kept: list[Any] = []

    async def careless(context: EventContext, call_next: CallNext) -> None:
        kept.append(call_next(context))

    with pytest.raises(MiddlewareError, match="not awaited") as caught:
        asyncio.run(bus_with(careless, *[passes] * after).publish(Happened()))

    kept[0].close()
    assert "careless" in caught.value.where


def test_a_middleware_may_stop_an_event_when_it_says_so() -> None:
    seen: list[str] = []

    async def gate(context: EventContext, call_next: CallNext) -> None:
        context.stop("closed")

    async def outer(context: EventContext, call_next: CallNext) -> None:
        await call_next(context)
        seen.append(str(context.stopped))

    asyncio.run(bus_with(outer, gate, handler=lambda event: seen.append("handler")).publish(Happened()))

    assert seen == ["closed"]


def test_the_context_tells_what_will_happen() -> None:
    told: list[Any] = []

    async def asks(context: EventContext, call_next: CallNext) -> None:
        told.extend([context.event, context.mode, context.handlers])
        await call_next(context)

    event = Happened()
    asyncio.run(bus_with(asks, handler=told.append).publish(event, mode="concurrent"))

    assert told == [event, "concurrent", ("builtins:list.append",), event]


class NotAsync:
    def __call__(self, context: EventContext, call_next: CallNext) -> None: ...


@pytest.mark.parametrize("thing", [None, "log", NotAsync(), NotAsync, LoggingEventMiddleware, lambda c, n: None])
def test_what_is_no_middleware_is_refused(thing: Any) -> None:
    with pytest.raises(MiddlewareError):
        EventBus().add_middleware(thing)


def test_a_middleware_that_is_added_later_counts_from_the_next_publish() -> None:
    seen: list[str] = []
    bus = bus_with(handler=lambda event: seen.append("handler"))

    asyncio.run(bus.publish(Happened()))
    bus.add_middleware(passing(seen, "late"))
    asyncio.run(bus.publish(Happened()))

    assert seen == ["handler", "+late", "handler", "-late"]


def test_events_without_handlers_pass_the_middleware_too() -> None:
    seen: list[str] = []

    asyncio.run(bus_with(passing(seen, "a")).publish(type("Other", (Event,), {})()))

    assert seen == ["+a", "-a"]


def test_metrics_count_what_failed_as_well() -> None:
    metrics = MetricsEventMiddleware()

    def handler(event: Happened) -> None:
        if event.key == "bad":
            raise ValueError

    bus = bus_with(metrics, handler=handler)
    asyncio.run(bus.publish_many([Happened(), Special()]))
    with pytest.raises(EventHandlerErrors):
        asyncio.run(bus.publish(Happened("bad")))

    row = metrics.get_metrics()["Happened"]
    assert (row["count"], row["errors"], metrics.get_metrics()["Special"]["count"]) == (2, 1, 1)
    assert 0 < row["min_seconds"] <= row["avg_seconds"] <= row["max_seconds"] <= row["total_seconds"]
    metrics.reset()
    assert metrics.get_metrics() == {}


def test_metrics_of_many_names_do_not_grow() -> None:
    metrics = MetricsEventMiddleware(max_names=3)
    bus = EventBus()
    bus.add_middleware(metrics)

    asyncio.run(bus.publish_many(type(f"Event{number}", (Event,), {})() for number in range(50)))

    assert sorted(metrics.get_metrics()) == ["(other)", "Event0", "Event1", "Event2"]
    assert metrics.get_metrics()["(other)"]["count"] == 47


def test_ten_thousand_rejected_events_leave_nothing_behind() -> None:
    validation, metrics = ValidationEventMiddleware(), MetricsEventMiddleware()

    def refuse(event: Happened) -> None:
        raise ValueError("refused")

    validation.add_validator(Happened, refuse)
    bus = bus_with(metrics, validation)

    async def main() -> int:
        refused = 0
        for _ in range(10_000):
            try:
                await bus.publish(Happened())
            except ValueError:
                refused += 1
        return refused

    assert asyncio.run(main()) == 10_000
    assert (metrics.get_metrics()["Happened"]["errors"], len(metrics.get_metrics())) == (10_000, 1)
    assert bus._publisher.in_flight.running == {}


def test_logging_tells_name_and_id_and_no_field(caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: Happened) -> None:
        if event.key == "bad secret":
            raise ValueError("bad secret")

    bus = bus_with(LoggingEventMiddleware(level=logging.INFO), handler=handler)
    good, bad = Happened("good secret"), Happened("bad secret")
    with caplog.at_level(logging.INFO, "vega.events"):
        asyncio.run(bus.publish(good))
        with pytest.raises(EventHandlerErrors):
            asyncio.run(bus.publish(bad))

    assert [record.levelname for record in caplog.records] == ["INFO", "ERROR"]
    assert f"Happened {good.event_id} handled in" in caplog.text
    assert f"Happened {bad.event_id} failed after" in caplog.text
    assert "secret" not in caplog.text


def test_logging_goes_to_the_logger_and_level_it_was_given(caplog: pytest.LogCaptureFixture) -> None:
    bus = bus_with(LoggingEventMiddleware(logging.getLogger("audit"), logging.DEBUG))

    with caplog.at_level(logging.INFO):
        asyncio.run(bus.publish(Happened()))
    with caplog.at_level(logging.DEBUG, "audit"):
        asyncio.run(bus.publish(Happened()))

    assert [record.name for record in caplog.records] == ["audit"]


def test_validators_may_be_async_and_see_subclasses() -> None:
    validation, seen = ValidationEventMiddleware(), list[str]()

    async def note(event: Happened) -> None:
        seen.append(type(event).__name__)

    validation.add_validator(Happened, note)
    asyncio.run(bus_with(validation).publish_many([Special(), Happened()]))

    assert seen == ["Special", "Happened"]


def test_enrichers_may_be_async_and_for_one_type() -> None:
    enrichment = EnrichmentEventMiddleware()

    async def tenant(event: Event) -> None:
        event.add_metadata("tenant", "t")

    def mark(event: Special) -> None:
        event.add_metadata("special", event.key)

    enrichment.add_enricher(tenant)
    enrichment.add_enricher(mark, Special)
    first, second = Happened(), Special()
    asyncio.run(bus_with(enrichment).publish_many([first, second]))

    assert (first.metadata, second.metadata) == ({"tenant": "t"}, {"tenant": "t", "special": "k"})


@pytest.mark.parametrize(
    ("add", "arguments", "error"),
    [
        (ValidationEventMiddleware().add_validator, (int, print), EventTypeError),
        (ValidationEventMiddleware().add_validator, (Happened, "check"), HandlerError),
        (EnrichmentEventMiddleware().add_enricher, ("add",), HandlerError),
        (EnrichmentEventMiddleware().add_enricher, (print, "Happened"), EventTypeError),
    ],
)
def test_a_wrong_validator_or_enricher_is_refused(add: Any, arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        add(*arguments)
