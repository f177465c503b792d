"""The handlers that see an event, and their order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.events import Event, EventBus, EventTypeError


@dataclass(frozen=True)
class Base(Event):
    key: str = "k"


@dataclass(frozen=True)
class Left(Base): ...


@dataclass(frozen=True)
class Right(Base): ...


@dataclass(frozen=True)
class Diamond(Left, Right): ...


def noting(seen: list[Any], what: Any) -> Callable[[Event], None]:
    return lambda event: seen.append(what)


@given(st.lists(st.tuples(st.integers(-5, 5), st.sampled_from([Event, Base, Left, Right, Diamond])), max_size=20))
def test_handlers_run_by_priority_then_by_subscription_across_the_whole_chain(
    wanted: list[tuple[int, type[Event]]],
) -> None:
    bus, seen = EventBus(), list[int]()
    for index, (priority, event_type) in enumerate(wanted):
        bus.subscribe(event_type, noting(seen, index), priority=priority)

    asyncio.run(bus.publish(Diamond()))

    assert seen == sorted(range(len(wanted)), key=lambda index: (-wanted[index][0], index))


def test_a_slow_handler_of_high_priority_ends_before_the_next_starts() -> None:
    bus, seen = EventBus(), list[str]()

    def slow(name: str, turns: int) -> Any:
        async def handler(event: Base) -> None:
            seen.append(f"{name} starts")
            for _ in range(turns):
                await asyncio.sleep(0)
            seen.append(f"{name} ends")

        return handler

    bus.subscribe(Base, slow("low", 1), priority=0)
    bus.subscribe(Base, slow("high", 30), priority=10)
    bus.subscribe(Base, slow("middle", 20), priority=5)
    asyncio.run(bus.publish(Base()))

    assert [word.split()[0] for word in seen] == ["high", "high", "middle", "middle", "low", "low"]


def test_a_handler_of_several_bases_runs_once_by_its_nearest_subscription() -> None:
    bus, seen = EventBus(), list[str]()
    handler = noting(seen, "once")
    bus.subscribe(Event, handler, priority=-10)
    bus.subscribe(Base, handler, priority=-10)
    bus.subscribe(Diamond, noting(seen, "other"))
    bus.subscribe(Left, handler, priority=5)

    asyncio.run(bus.publish(Diamond()))

    assert seen == ["once", "other"]


def test_a_handler_of_a_subclass_does_not_see_the_base() -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Left, noting(seen, "left"))

    asyncio.run(bus.publish(Base()))

    assert seen == []


def test_a_new_subscription_is_seen_by_the_next_publish() -> None:
    bus, seen = EventBus(), list[str]()

    async def main() -> None:
        await bus.publish(Base())
        bus.subscribe(Event, noting(seen, "late"))
        await bus.publish(Base())

    asyncio.run(main())
    assert seen == ["late"]


def test_a_subscription_made_by_a_handler_does_not_change_the_publish_under_way() -> None:
    bus, seen = EventBus(), list[str]()

    def first(event: Base) -> None:
        seen.append("first")
        bus.subscribe(Base, noting(seen, "second"))

    bus.subscribe(Base, first)
    asyncio.run(bus.publish(Base()))

    assert seen == ["first"]


def test_concurrent_handlers_of_one_priority_overlap_and_priorities_do_not() -> None:
    bus, seen = EventBus(), list[str]()
    meeting = asyncio.Barrier(2)

    def meets(name: str) -> Any:
        async def handler(event: Base) -> None:
            await meeting.wait()
            seen.append(name)

        return handler

    bus.subscribe(Base, noting(seen, "low"), priority=-1)
    bus.subscribe(Base, meets("pair"))
    bus.subscribe(Base, meets("pair"))
    bus.subscribe(Base, noting(seen, "high"), priority=1)

    async def main() -> None:
        async with asyncio.timeout(5):
            await bus.publish(Base(), mode="concurrent")

    asyncio.run(main())
    assert seen == ["high", "pair", "pair", "low"]


@pytest.mark.parametrize("mode", ["parallel", None, ""])
def test_an_unknown_mode_is_refused(mode: Any) -> None:
    with pytest.raises(EventTypeError, match="mode"):
        asyncio.run(EventBus().publish(Base(), mode=mode))


@pytest.mark.parametrize("thing", [None, "UserCreated", Base, object(), {"key": "k"}])
def test_what_is_no_event_cannot_be_published(thing: Any) -> None:
    bus = EventBus()

    with pytest.raises(EventTypeError, match="is not an event"):
        asyncio.run(bus.publish(thing))
    with pytest.raises(EventTypeError, match="is not an event"):
        asyncio.run(bus.publish_many([Base(), thing]))


def test_publishing_a_class_says_that_an_object_is_wanted() -> None:
    with pytest.raises(EventTypeError, match=r"Base\(\.\.\.\)"):
        asyncio.run(EventBus().publish(Base))  # type: ignore[arg-type]  # that is the mistake


def test_publish_many_keeps_the_order_and_publishes_nothing_when_one_is_no_event() -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Base, lambda event: seen.append(event.key))

    asyncio.run(bus.publish_many(Base(key) for key in "abc"))
    with pytest.raises(EventTypeError):
        asyncio.run(bus.publish_many([Base("d"), "e"]))  # type: ignore[list-item]  # that is the mistake

    assert seen == ["a", "b", "c"]
