"""What `events.py` measures against: code written by hand, and other event buses, each with its own way of publishing.

A peer delivers one event to `count` async handlers that only count, and its `publish` returns when all have run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

Handler = Callable[[Any], Awaitable[None]]

CALLS = [0]


def handlers(count: int) -> list[Handler]:
    """Return async functions of different names that count their calls."""

    def make(number: int) -> Handler:
        async def handler(event: Any) -> None:
            CALLS[0] += 1

        handler.__name__ = handler.__qualname__ = f"handler_{number}"
        return handler

    return [make(number) for number in range(count)]


@dataclass(frozen=True, slots=True)
class Data:
    """An event without a framework."""

    user_id: str
    email: str


class Peer:
    """One way of publishing; the base is code written by hand."""

    name: ClassVar[str] = "by hand: for handler in handlers: await handler(event)"
    counts: ClassVar[tuple[int, ...]] = (1, 10)
    reuses: ClassVar[bool] = True
    share: ClassVar[float] = 1.0

    def __init__(self, count: int) -> None:
        self.count = count

    async def start(self) -> None:
        """Make the bus and subscribe the handlers."""
        self.handlers = tuple(handlers(self.count))

    def make(self) -> Any:
        """Return a new event."""
        return Data("1", "a@b.c")

    async def publish(self, event: Any) -> None:
        """Deliver an event to every handler."""
        for handler in self.handlers:
            await handler(event)

    async def stop(self) -> None:
        """Close what was opened."""


class Context:
    """What a middleware gets, at its least."""

    __slots__ = ("event",)


class HandMiddleware(Peer):
    """The shape of a middleware and no more: no call is counted, no error collected, no event missed."""

    name = "by hand + 1 middleware, nothing checked"
    counts = (1,)

    async def publish(self, event: Any) -> None:
        context = Context()
        context.event = event
        await self.passes(context, self.deliver)

    async def passes(self, context: Any, call_next: Handler) -> None:
        """Do nothing but pass the event on."""
        await call_next(context)

    async def deliver(self, context: Any) -> None:
        """Run the handlers."""
        event = context.event
        for handler in self.handlers:
            await handler(event)


class Gather(Peer):
    """A task for each handler."""

    name = "asyncio.gather"

    async def publish(self, event: Any) -> None:
        await asyncio.gather(*[handler(event) for handler in self.handlers])


class Blinker(Peer):
    name = "blinker send_async"

    async def start(self) -> None:
        from blinker import Signal

        self.signal, self.handlers = Signal(), tuple(handlers(self.count))
        for handler in self.handlers:
            self.signal.connect(handler, weak=False)

    async def publish(self, event: Any) -> None:
        await self.signal.send_async(event)


class PyMediator(Peer):
    name = "pymediator"
    counts = (1,)

    async def start(self) -> None:
        from pymediator import Mediator
        from pymediator.registry import InstanceRegistry

        class Request:
            def __init__(self, user_id: str, email: str) -> None:
                self.user_id, self.email = user_id, email

        class RequestHandler:
            async def handle(self, request: Any) -> None:
                CALLS[0] += 1

        registry = InstanceRegistry()
        registry.register(Request, RequestHandler)
        self.request, self.mediator = Request, Mediator(registry=registry)

    def make(self) -> Any:
        return self.request("1", "a@b.c")

    async def publish(self, event: Any) -> None:
        await self.mediator.send(event)


class Litestar(Peer):
    name = "litestar emitter"

    async def start(self) -> None:
        from litestar.events import EventListener, SimpleEventEmitter

        self.emitter = SimpleEventEmitter([EventListener("event")(handler) for handler in handlers(self.count)])
        await self.emitter.__aenter__()

    async def publish(self, event: Any) -> None:
        wanted = CALLS[0] + self.count
        self.emitter.emit("event", event)
        while CALLS[0] < wanted:  # noqa: ASYNC110 - the emitter tells nobody when it is done
            await asyncio.sleep(0)

    async def stop(self) -> None:
        await self.emitter.__aexit__(None, None, None)


class Bubus(Peer):
    name = "bubus"
    reuses = False
    share = 0.05

    async def start(self) -> None:
        from bubus import BaseEvent, EventBus

        class UserCreated(BaseEvent):  # type: ignore[misc, type-arg]  # its types are not installed here
            user_id: str
            email: str

        self.event, self.bus = UserCreated, EventBus(max_history_size=10)
        for handler in handlers(self.count):
            self.bus.on(UserCreated, handler)

    def make(self) -> Any:
        return self.event(user_id="1", email="a@b.c")

    async def publish(self, event: Any) -> None:
        await self.bus.dispatch(event)

    async def stop(self) -> None:
        await self.bus.stop(timeout=1)


PEERS: tuple[type[Peer], ...] = (Peer, HandMiddleware, Gather, Blinker, PyMediator, Litestar, Bubus)
