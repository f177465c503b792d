"""Subscriptions: event type, order, attempts, and condition of a handler."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast, final

from .._errors import EventTypeError, SubscriptionError
from .._event.event import Event
from .._names import name_of, place_of
from .backoff import Backoff

Handler: TypeAlias = Callable[..., object]
Invoke: TypeAlias = Callable[[Handler, Event], Awaitable[object]]
Phase: TypeAlias = Literal["immediate", "after_commit"]
Retryable: TypeAlias = bool | type[Exception] | tuple[type[Exception], ...]

_MAX_RETRIES = 3


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The checked options of a handler.

    Args:
        priority: higher numbers run first; any integer.
        retries: attempts after the first, 0 or more.
        retry_on: the exceptions worth a further attempt.
        backoff: the delays between attempts.
        when: a predicate of the event; the handler runs where it returns true.
        phase: at once, or after the unit of work has committed.
    """

    priority: int = 0
    retries: int = 0
    retry_on: tuple[type[Exception], ...] = ()
    backoff: Backoff = field(default_factory=Backoff)
    when: Callable[[Any], bool] | None = None
    phase: Phase = "immediate"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A `@subscribe` or `@event_handler` on a function."""

    event_type: type[Event]
    options: Options


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subscription:
    """A handler of a bus; the class of the events is not kept alive."""

    event_ref: weakref.ref[type[Event]]
    handler: Handler
    options: Options

    @classmethod
    def of(cls, event_type: type[Event], handler: Handler, options: Options) -> Subscription:
        """Return the subscription of a handler to a class of events."""
        return cls(event_ref=weakref.ref(event_type), handler=handler, options=options)

    @property
    def event_type(self) -> type[Event] | None:
        """The class of the events; None after its end."""
        return self.event_ref()

    def __str__(self) -> str:
        return name_of(self.handler)


def options_of(
    where: object,
    *,
    priority: object,
    retry_on_error: Retryable,
    max_retries: object,
    backoff: Backoff | None,
    when: Callable[[Any], bool] | None,
    phase: Phase,
) -> Options:
    """Check the options of `EventBus.subscribe`.

    `where` is the event type, for messages.

    Raises:
        SubscriptionError: a value is wrong or has no effect.
    """
    place = f"subscribe({getattr(where, '__name__', where)})"
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise SubscriptionError(
            f"priority={priority!r} is not an integer", place, "give a whole number; higher runs first"
        )
    if phase not in ("immediate", "after_commit"):
        raise SubscriptionError(f"there is no phase {phase!r}", place, 'use "immediate" or "after_commit"')
    if when is not None and not callable(when):
        raise SubscriptionError(f"when={when!r} cannot be called", place, "give a function of the event")
    retry_on = _retry_on(retry_on_error, place)
    if not retry_on and (max_retries is not None or backoff is not None):
        name = "max_retries" if max_retries is not None else "backoff"
        raise SubscriptionError(f"{name} has no effect without retry_on_error", place, "add retry_on_error=True")
    return Options(
        priority=priority,
        retries=_retries(max_retries, place) if retry_on else 0,
        retry_on=retry_on,
        backoff=backoff or Backoff(),
        when=when,
        phase=phase,
    )


def _retry_on(wanted: object, place: str) -> tuple[type[Exception], ...]:
    if isinstance(wanted, bool):
        return (Exception,) if wanted else ()
    given = cast("tuple[object, ...]", wanted) if isinstance(wanted, tuple) else (wanted,)
    if not given or not all(isinstance(kind, type) and issubclass(kind, Exception) for kind in given):
        raise SubscriptionError(
            f"retry_on_error={wanted!r} names an object that is not an Exception class",
            place,
            "use True, False, an Exception class, or a tuple of them",
        )
    return cast("tuple[type[Exception], ...]", given)


def _retries(wanted: object, place: str) -> int:
    if wanted is None:
        return _MAX_RETRIES
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 0:
        raise SubscriptionError(
            f"max_retries={wanted!r} is not a count", place, "give the attempts after the first, 0 or more"
        )
    return wanted


def check_event_type(event_type: object, place: object = None) -> None:
    """Refuse an object that is not an event class.

    Raises:
        EventTypeError: the object is neither Event nor a subclass.
    """
    if not isinstance(event_type, type) or not issubclass(event_type, Event):
        raise EventTypeError(
            f"{event_type!r} is not an event class",
            place_of(place) if place is not None else "subscribe",
            "name a class that derives from vega.events.Event",
        )
