"""Receivers of the rows of an outbox: listeners of events, handlers of deferred work. No SQLAlchemy is loaded here."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from vega.core.extend import WorkHandler
from vega.events import Event

E = TypeVar("E", bound=Event)
Handler = Callable[..., Awaitable[Any]]
Invoke = Callable[[Handler, Event], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Listener:
    """A function that must run for every event of a type, even if the process crashes after the commit."""

    name: str
    event: type[Event]
    handler: Handler
    key: Callable[[Any], str] | None

    async def receive(self, row: str, payload: str, invoke: Invoke) -> None:
        """Run the function with the event of a row."""
        await invoke(self.handler, Event.from_dict(json.loads(payload)))


@dataclass(frozen=True, slots=True)
class WorkReceiver:
    """A function that runs the deferred work of a kind; the kind is the receiver's name."""

    name: str
    handler: WorkHandler

    async def receive(self, row: str, payload: str, invoke: Invoke) -> None:
        """Hand over the work of a row, under the row's identifier."""
        await self.handler(row, payload)


Receiver = Listener | WorkReceiver


_declared: dict[str, Listener] = {}


def durable(
    event: type[E], *, name: str = "", key: Callable[[E], str] | None = None
) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]]:
    """Mark an async function as a durable listener to recorded events of a type.

    In a project with the feature `outbox` the event is stored with the aggregate, and a relay runs the function, at
    least once. Parameters besides the event are injected, as in a handler of the bus.

    Args:
        event: the event's class, subclasses included.
        name: a stable name, by which pending rows find the function; module and function name when empty.
        key: events with equal keys are delivered one after the other, in the order of writing.
    """

    def mark(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        place = f"{handler.__module__}.{handler.__qualname__}"
        _declared[place] = Listener(name or place, event, handler, key)
        return handler

    return mark


def declared_listeners(package: str) -> Iterator[Listener]:
    """Return the listeners declared by the imported modules of a package, by place."""
    for _, listener in sorted(_declared.items()):
        if listener.handler.__module__.partition(".")[0] == package:
            yield listener
