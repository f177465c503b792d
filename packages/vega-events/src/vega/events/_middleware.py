"""The chain around a publish: each middleware is one `async (context, call_next)`, composed once per event type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol, TypeAlias, final

from ._errors import MiddlewareError
from ._event import Event
from ._handler import is_async
from ._naming import place_of

Mode: TypeAlias = Literal["sequential", "concurrent"]


@final
class EventContext:
    """One publish on its way to the handlers.

    Attributes:
        event: what is published; enrich it with `event.add_metadata`.
        mode: how the handlers will run.
        stopped: the reason when a middleware stopped the event, else None.
        reached: how many middlewares have called `call_next`.
        delivered: whether the handlers have been reached.
    """

    __slots__ = ("_steps", "delivered", "event", "mode", "reached", "stopped")

    def __init__(self, event: Event, mode: Mode, steps: Sequence[tuple[object, object]]) -> None:
        self.event: Event = event
        self.mode: Mode = mode
        self._steps = steps
        self.stopped: str | None = None
        self.reached: int = 0
        self.delivered: bool = False

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
Follow: TypeAlias = Callable[[EventContext, CallNext], Awaitable[None]]


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
    """Return the way into the first middleware, each bound to the next, the last to the handlers.

    Args:
        middlewares: the outermost first.
        deliver: runs the handlers.
    """
    if not middlewares:
        return deliver
    following = _link(len(middlewares), middlewares[-1], lambda context, _: deliver(context), deliver)
    for index in range(len(middlewares) - 1, 0, -1):
        following = _link(index, middlewares[index - 1], middlewares[index], following)
    first = middlewares[0]
    return lambda context: first(context, following)


def check_reached(context: EventContext, middlewares: Sequence[EventMiddleware]) -> None:
    """Refuse that an event was lost on its way to the handlers without a word.

    Raises:
        MiddlewareError: a middleware did not await `call_next`, nor say `context.stop(...)`.
    """
    if not context.delivered and context.stopped is None:
        index = min(context.reached, len(middlewares) - 1)
        # the event ended in that one, or the one before it made the call and did not await it
        named = (
            middlewares[max(index - 1, 0) : index + 1]
            if 0 < context.reached < len(middlewares)
            else [middlewares[index]]
        )
        raise MiddlewareError(
            f"{context.event.event_name} never reached its handlers: call_next was not awaited",
            " or ".join(map(place_of, named)),
            "await call_next(context), or say why not with context.stop(reason)",
        )


def _link(index: int, caller: object, follow: Follow, following: CallNext) -> CallNext:
    """Return the `call_next` of one middleware; it counts, so that a second call is seen."""

    def call_next(context: EventContext) -> Awaitable[None]:
        if context.reached >= index:
            raise MiddlewareError(
                "call_next was called twice",
                place_of(caller),
                "await call_next(context) once; retries are for handlers: retry_on_error=True",
            )
        context.reached = index
        return follow(context, following)

    return call_next
