"""The chain around a publish: each middleware is one `async (context, call_next)`, composed once per event type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol, TypeAlias, final

from ._errors import MiddlewareError
from ._event import Event
from ._handler import is_async
from ._naming import name_of, place_of

Mode: TypeAlias = Literal["sequential", "concurrent"]


@final
class EventContext:
    """One publish on its way to the handlers.

    Attributes:
        event: what is published; enrich it with `event.add_metadata`.
        mode: how the handlers will run.
        stopped: the reason when a middleware stopped the event, else None.
    """

    __slots__ = ("_reached", "_steps", "event", "mode", "stopped")

    def __init__(self, event: Event, mode: Mode, steps: Sequence[tuple[object, object]] = ()) -> None:
        self.event, self.mode, self._steps = event, mode, steps
        self.stopped: str | None = None
        self._reached = 0

    @property
    def handlers(self) -> tuple[str, ...]:
        """The names of the immediate handlers that will see the event, in order."""
        return tuple(str(subscription) for _, subscription in self._steps)

    def stop(self, reason: str) -> None:
        """Say that the event goes no further; without it, not calling `call_next` is an error.

        Args:
            reason: why, for those who ask `stopped` on the way out.
        """
        self.stopped = reason


CallNext: TypeAlias = Callable[[EventContext], Awaitable[None]]


class EventMiddleware(Protocol):
    """The shape of a middleware: an async function, or an object with such a `__call__`."""

    def __call__(self, context: EventContext, call_next: CallNext, /) -> Awaitable[None]:
        """Do what comes before, `await call_next(context)` exactly once, do what comes after."""
        ...


def check_middleware(middleware: object) -> None:
    """Refuse what cannot be a middleware.

    Raises:
        MiddlewareError: it is a class, not callable, or not async.
    """
    if isinstance(middleware, type):
        raise MiddlewareError(
            f"{middleware.__name__} is a class", "add_middleware", f"give an instance: {middleware.__name__}(...)"
        )
    if not callable(middleware) or not is_async(middleware):
        raise MiddlewareError(
            f"{middleware!r} is no async function of (context, call_next)",
            place_of(middleware),
            "write: async def middleware(context, call_next): await call_next(context)",
        )


def compose(middlewares: Sequence[EventMiddleware], deliver: CallNext) -> CallNext:
    """Return the first middleware's entry, each bound to the next, the last to the handlers.

    Args:
        middlewares: the outermost first; at least one.
        deliver: runs the handlers.
    """
    last = len(middlewares)

    async def end(context: EventContext) -> None:
        context._reached = last + 1
        await deliver(context)

    following: CallNext = _link(last, end, middlewares[-1])
    for index in range(last - 1, 0, -1):
        following = _link(index, _bound(middlewares[index], following), middlewares[index - 1])
    return _entry(middlewares, _bound(middlewares[0], following))


def _bound(middleware: EventMiddleware, following: CallNext) -> CallNext:
    return lambda context: middleware(context, following)


def _link(index: int, follow: CallNext, caller: object) -> CallNext:
    """Return the `call_next` of one middleware; it counts, so that a second call is seen."""

    def call_next(context: EventContext) -> Awaitable[None]:
        if context._reached >= index:
            raise MiddlewareError(
                "call_next was called twice",
                place_of(caller),
                "await call_next(context) once; retries are for handlers",
            )
        context._reached = index
        return follow(context)

    return call_next


def _entry(middlewares: Sequence[EventMiddleware], first: CallNext) -> CallNext:
    last = len(middlewares)

    async def enter(context: EventContext) -> None:
        await first(context)
        if context._reached <= last and context.stopped is None:
            raise MiddlewareError(
                f"{context.event.event_name} never reached its handlers: call_next was not awaited",
                _culprits(middlewares, context._reached),
                "await call_next(context), or say why not with context.stop(reason)",
            )

    return enter


def _culprits(middlewares: Sequence[EventMiddleware], reached: int) -> str:
    """Name the middleware the event ended in; or the one before, when that did not await its call."""
    index = min(reached, len(middlewares) - 1)
    named: list[Any] = (
        [middlewares[index]] if index == 0 or reached == len(middlewares) else [*middlewares[index - 1 : index + 1]]
    )
    return " or ".join(name_of(each) for each in named)
