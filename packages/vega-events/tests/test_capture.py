"""Captures see what reaches the handlers, and their assertions say what was published."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from vega.events import (
    Event,
    EventBus,
)


@dataclass(frozen=True)
class Ordered(Event):
    key: str = "k"


@dataclass(frozen=True)
class Paid(Event):
    key: str = "k"


@dataclass(frozen=True)
class Shipped(Paid): ...


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
