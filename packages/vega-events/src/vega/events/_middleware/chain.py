"""The chain of middlewares, `async (context, call_next)`, around a publish; composed once per event type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NoReturn, Protocol, TypeAlias, final

from .._errors import MiddlewareError
from .._event.event import Event
from .._handlers.handler import is_async
from .._names import place_of

Mode: TypeAlias = Literal["sequential", "concurrent"]


@final
class EventContext:
    """A publish on the way to the handlers; made by the bus.

    Attributes:
        event: the published event; `event.add_metadata` enriches metadata.
        mode: the mode of the handlers.
        stopped: the reason of a middleware to stop the event, else None.
        reached: the number of middlewares that have called `call_next`.
        chain: the middlewares and the handlers ahead.
    """

    # Every publish makes a context: class attributes hold the defaults, so no __init__ runs.
    event: Event
    chain: MiddlewareChain
    mode: Mode = "sequential"
    stopped: str | None = None
    reached: int = 0

    @property
    def handlers(self) -> tuple[str, ...]:
        """The names of the immediate handlers of the event, in order."""
        return tuple(map(str, self.chain.subscriptions))

    @property
    def delivered(self) -> bool:
        """Whether the handlers have been reached."""
        return self.reached >= self.chain.depth

    def stop(self, reason: str) -> None:
        """Stop the event; a middleware that neither stops nor calls `call_next` is an error.

        Args:
            reason: the text for readers of `stopped`.
        """
        self.stopped = reason


CallNext: TypeAlias = Callable[[EventContext], Awaitable[None]]
Follow: TypeAlias = Callable[[EventContext, CallNext], Awaitable[None]]


class EventMiddleware(Protocol):
    """The shape of a middleware: an async function, or an object with such a `__call__`."""

    def __call__(self, context: EventContext, call_next: CallNext, /) -> Awaitable[None]:
        """Work before, `await call_next(context)` exactly once, work after."""
        ...


def check_middleware(middleware: object) -> None:
    """Refuse an object that cannot be a middleware.

    Raises:
        MiddlewareError: the object is a class, not callable, or not async.
    """
    if isinstance(middleware, type):
        raise MiddlewareError(
            f"{middleware.__name__} is a class", "add_middleware", f"give an instance: {middleware.__name__}(...)"
        )
    if not callable(middleware) or not is_async(middleware):
        raise MiddlewareError(
            f"{middleware!r} is not an async function of (context, call_next)",
            place_of(middleware),
            "write: async def middleware(context, call_next): await call_next(context)",
        )


@final
@dataclass(frozen=True, slots=True, eq=False)
class MiddlewareChain:
    """The middlewares of a bus around the handlers of an event type, composed once.

    Args:
        middlewares: the outermost first.
        deliver: runs the handlers; the `call_next` of the last middleware.
        subscriptions: the immediate handlers, in order.
    """

    middlewares: Sequence[EventMiddleware]
    deliver: CallNext
    subscriptions: Sequence[object]
    depth: int = field(init=False)
    enter: Follow = field(init=False)
    following: CallNext = field(init=False)

    def __post_init__(self) -> None:
        depth = len(self.middlewares)
        following = self.deliver
        for index in range(depth - 1, 0, -1):
            following = _link(index, self.middlewares[index - 1], self.middlewares[index], following)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "following", following)
        object.__setattr__(self, "enter", self.middlewares[0] if depth else _pass)

    def arrive(self, context: EventContext) -> None:
        """Note the call of the last middleware.

        Raises:
            MiddlewareError: a second call.
        """
        if context.reached >= self.depth > 0:
            _refuse_second(self.middlewares[-1])
        context.reached = self.depth


def check_reached(context: EventContext) -> None:
    """Refuse the silent loss of an event before the handlers.

    Raises:
        MiddlewareError: a middleware neither awaited `call_next` nor called `context.stop(...)`.
    """
    middlewares = context.chain.middlewares
    if not context.delivered and context.stopped is None:
        index = min(context.reached, len(middlewares) - 1)
        # the event ended in this middleware, or the former middleware did not await its call
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
    """Return the `call_next` of a middleware, which refuses a second call."""

    def call_next(context: EventContext) -> Awaitable[None]:
        if context.reached >= index:
            _refuse_second(caller)
        context.reached = index
        return follow(context, following)

    return call_next


def _pass(context: EventContext, call_next: CallNext) -> Awaitable[None]:
    return call_next(context)


def _refuse_second(caller: object) -> NoReturn:
    raise MiddlewareError(
        "call_next was called twice",
        place_of(caller),
        "await call_next(context) once; retries are for handlers: retry_on_error=True",
    )
