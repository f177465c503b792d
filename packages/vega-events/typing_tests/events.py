"""What type checkers see of vega.events; checked by mypy --strict and pyright, never run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_type

from vega.events import (
    CapturedEvents,
    Event,
    EventBus,
    EventMetrics,
    MetricsEventMiddleware,
    ValidationEventMiddleware,
    event_handler,
    get_event_bus,
    subscribe,
)


@dataclass(frozen=True)
class UserCreated(Event):
    user_id: str
    email: str = ""


@dataclass(frozen=True)
class AdminCreated(UserCreated): ...


@dataclass(frozen=True)
class Unrelated(Event): ...


# an event is a dataclass like any other: its constructor takes the declared fields, and no others
event = UserCreated("7", email="a@b.c")
assert_type(event, UserCreated)
assert_type(event.event_id, str)
assert_type(event.timestamp, datetime)
assert_type(event.metadata, dict[str, Any])
assert_type(UserCreated.from_dict({}), UserCreated)
UserCreated()  # user_id is missing  # ERROR
UserCreated("7", event_id="x")  # not a parameter  # ERROR
event.nothing  # no licence to read any attribute  # ERROR


# decorators keep the handler's signature
@subscribe(UserCreated, priority=10, retry_on_error=(ConnectionError,), max_retries=3)
async def injected(event: UserCreated, repository: dict[str, str], *, limit: int = 3) -> int:
    return limit


injected(event)  # repository is missing  # ERROR
injected(event, {}, limit="4")  # limit is an int  # ERROR


# a handler of a base class may be subscribed to a subclass, not the other way round
@subscribe(AdminCreated)
def takes_base(event: UserCreated) -> None: ...


@subscribe(UserCreated)  # it would meet users that are no admins  # ERROR
def takes_subclass(event: AdminCreated) -> None: ...


@subscribe(UserCreated)  # another event altogether  # ERROR
async def takes_other(event: Unrelated) -> None: ...


# the bus gives the handler back as it is, and lambdas know their event
bus = EventBus()


async def handler(event: UserCreated) -> None: ...


again = bus.subscribe(UserCreated, handler, priority=1)
bus.subscribe(UserCreated, lambda event: len(event.email))
bus.subscribe(UserCreated, lambda event: len(event.nothing))  # no such field  # ERROR
bus.subscribe(UserCreated, handler, when=lambda event: event.email != "")
bus.subscribe(UserCreated, handler, when=lambda event: event.nothing)  # no such field  # ERROR
bus.subscribe(int, print)  # no event class  # ERROR
bus.subscribe(UserCreated, handler, phase="later")  # no such phase  # ERROR


class Handlers:
    @event_handler(UserCreated)
    async def on_created(self, event: UserCreated, extra: int = 0) -> str:
        return event.email


async def main() -> None:
    assert_type(await injected(event, {}, limit=4), int)
    assert_type(await again(event), None)
    assert_type(await Handlers().on_created(event, extra=1), str)
    assert_type(await bus.publish(event), None)
    await bus.publish(UserCreated)  # a class is no event  # ERROR
    await bus.publish(event, mode="parallel")  # no such mode  # ERROR
    bus.publish(event)  # it must be awaited  # ERROR
    with bus.capture() as captured:
        assert_type(captured, CapturedEvents)
        assert_type(captured.assert_published(UserCreated), UserCreated)
        assert_type(captured.of(AdminCreated), list[AdminCreated])


def check(event: UserCreated) -> None: ...


validation = ValidationEventMiddleware()
validation.add_validator(AdminCreated, check)
validation.add_validator(Unrelated, check)  # it checks users  # ERROR
assert_type(MetricsEventMiddleware().get_metrics(), dict[str, EventMetrics])
assert_type(get_event_bus(), EventBus)


async def invoke(handler: Callable[..., object], event: Event) -> None: ...


def defer(work: Callable[[], Awaitable[None]]) -> bool:
    return False


EventBus(invoke=invoke, defer=defer)
