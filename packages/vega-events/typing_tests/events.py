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
UserCreated()  # type: ignore[call-arg]  # user_id is missing
UserCreated("7", event_id="x")  # type: ignore[call-arg]  # not a parameter
event.nothing  # type: ignore[attr-defined]  # no licence to read any attribute


# decorators keep the handler's signature
@subscribe(UserCreated, priority=10, retry_on_error=(ConnectionError,), max_retries=3)
async def injected(event: UserCreated, repository: dict[str, str], *, limit: int = 3) -> int:
    return limit


injected(event)  # type: ignore[call-arg, unused-coroutine]  # repository is missing
injected(event, {}, limit="4")  # type: ignore[arg-type, unused-coroutine]  # limit is an int


# a handler of a base class may be subscribed to a subclass, not the other way round
@subscribe(AdminCreated)
def takes_base(event: UserCreated) -> None: ...


@subscribe(UserCreated)  # type: ignore[arg-type]  # it would meet users that are no admins
def takes_subclass(event: AdminCreated) -> None: ...


@subscribe(UserCreated)  # type: ignore[arg-type]  # another event altogether
async def takes_other(event: Unrelated) -> None: ...


# the bus gives the handler back as it is, and lambdas know their event
bus = EventBus()


async def handler(event: UserCreated) -> None: ...


again = bus.subscribe(UserCreated, handler, priority=1)
bus.subscribe(UserCreated, lambda event: len(event.email))
bus.subscribe(UserCreated, lambda event: len(event.nothing))  # type: ignore[attr-defined]  # no such field
bus.subscribe(UserCreated, handler, when=lambda event: event.email != "")
bus.subscribe(UserCreated, handler, when=lambda event: event.nothing)  # type: ignore[attr-defined]  # no such field
bus.subscribe(int, print)  # type: ignore[type-var]  # no event class
bus.subscribe(UserCreated, handler, phase="later")  # type: ignore[call-overload]  # no such phase


class Handlers:
    @event_handler(UserCreated)
    async def on_created(self, event: UserCreated, extra: int = 0) -> str:
        return event.email


async def main() -> None:
    assert_type(await injected(event, {}, limit=4), int)
    assert_type(await again(event), None)
    assert_type(await Handlers().on_created(event, extra=1), str)
    assert_type(await bus.publish(event), None)
    await bus.publish(UserCreated)  # type: ignore[arg-type]  # a class is no event
    await bus.publish(event, mode="parallel")  # type: ignore[arg-type]  # no such mode
    bus.publish(event)  # type: ignore[unused-coroutine]  # it must be awaited
    with bus.capture() as captured:
        assert_type(captured, CapturedEvents)
        assert_type(captured.assert_published(UserCreated), UserCreated)
        assert_type(captured.of(AdminCreated), list[AdminCreated])


def check(event: UserCreated) -> None: ...


validation = ValidationEventMiddleware()
validation.add_validator(AdminCreated, check)
validation.add_validator(Unrelated, check)  # type: ignore[arg-type]  # it checks users
assert_type(MetricsEventMiddleware().get_metrics(), dict[str, EventMetrics])
assert_type(get_event_bus(), EventBus)


async def invoke(handler: Callable[..., object], event: Event) -> None: ...


def defer(work: Callable[[], Awaitable[None]]) -> bool:
    return False


EventBus(invoke=invoke, defer=defer)
