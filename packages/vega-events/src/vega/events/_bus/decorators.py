"""`@subscribe` for functions and `@event_handler` for methods: marks on unchanged functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from .._errors import HandlerError
from .._event.event import Event
from .._handlers.backoff import Backoff
from .._handlers.catalogue import add_mark, record
from .._handlers.handler import check_handler
from .._handlers.subscription import Mark, Phase, Retryable, Subscription, check_event_type, options_of
from .._names import name_of
from .current import get_event_bus

E = TypeVar("E", bound=Event)
P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


def subscribe(
    event_type: type[E],
    *,
    priority: int = 0,
    retry_on_error: Retryable = False,
    max_retries: int | None = None,
    backoff: Backoff | None = None,
    when: Callable[[E], bool] | None = None,
    phase: Phase = "immediate",
) -> Callable[[Callable[Concatenate[E, P], R]], Callable[Concatenate[E, P], R]]:
    """Mark a function as a handler of an event, and subscribe it to the current bus.

    An application reads the marks of the discovered modules, and subscribes the handlers to its own bus. A function may
    have several marks; the options are those of `EventBus.subscribe`. Parameters beyond the event need a bus with
    `invoke`; on any other bus the first `publish` raises HandlerError.

    Raises:
        EventTypeError: `event_type` is not an event class.
        HandlerError: the object is not a function of an event.
        SubscriptionError: the options contradict one another.

    >>> class Ping(Event): ...
    >>> @subscribe(Ping, priority=10)
    ... async def on_ping(event: Ping) -> None: ...
    """
    mark = _mark(event_type, priority, retry_on_error, max_retries, backoff, when, phase)

    def decorate(handler: Callable[Concatenate[E, P], R]) -> Callable[Concatenate[E, P], R]:
        check_handler(handler)
        subscription = Subscription.of(event_type, handler, mark.options)
        get_event_bus()._accept(subscription)  # pyright: ignore[reportPrivateUsage]  # for this decorator alone
        if add_mark(handler, mark):
            record(handler)
        return handler

    return decorate


def event_handler(
    event_type: type[E],
    *,
    priority: int = 0,
    retry_on_error: Retryable = False,
    max_retries: int | None = None,
    backoff: Backoff | None = None,
    when: Callable[[E], bool] | None = None,
    phase: Phase = "immediate",
) -> Callable[[Callable[Concatenate[S, E, P], R]], Callable[Concatenate[S, E, P], R]]:
    """Mark a method as a handler of an event, to be subscribed by `EventBus.register(object)`.

    A method may have several marks; the options are those of `EventBus.subscribe`.

    Raises:
        EventTypeError: `event_type` is not an event class.
        HandlerError: the object is not a method of an event.
        SubscriptionError: the options contradict one another.
    """
    mark = _mark(event_type, priority, retry_on_error, max_retries, backoff, when, phase)

    def decorate(method: Callable[Concatenate[S, E, P], R]) -> Callable[Concatenate[S, E, P], R]:
        check_handler(method, method=True)
        if not add_mark(method, mark):
            raise HandlerError(
                f"{method!r} cannot carry a mark", name_of(method), "put @event_handler on a plain method"
            )
        return method

    return decorate


def _mark(
    event_type: type[Event],
    priority: int,
    retry_on_error: Retryable,
    max_retries: int | None,
    backoff: Backoff | None,
    when: Callable[[Any], bool] | None,
    phase: Phase,
) -> Mark:
    check_event_type(event_type)
    options = options_of(
        event_type,
        priority=priority,
        retry_on_error=retry_on_error,
        max_retries=max_retries,
        backoff=backoff,
        when=when,
        phase=phase,
    )
    return Mark(event_type=event_type, options=options)
