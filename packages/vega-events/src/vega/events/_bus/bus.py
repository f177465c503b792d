"""The bus: subscriptions, and the publisher of events."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar, final, overload

from .._errors import HandlerError
from .._event.event import Event
from .._handlers.backoff import Backoff
from .._handlers.catalogue import marks_of, recorded
from .._handlers.handler import check_handler, check_supply
from .._handlers.methods import marked_methods
from .._handlers.subscription import Handler, Invoke, Phase, Retryable, Subscription, check_event_type, options_of
from .._handlers.subscriptions import Subscriptions, same_handler
from .._middleware.chain import EventMiddleware, Mode, check_middleware
from .capture import CapturedEvents
from .delivery import ErrorHook
from .publisher import Defer, Publisher

E = TypeVar("E", bound=Event)
P = ParamSpec("P")
R = TypeVar("R")
Hook = TypeVar("Hook", bound=ErrorHook)


@final
class EventBus:
    """Delivers events to handlers within a process, in order, without loss of errors.

    Handlers run in the publishing task: by priority, the highest first, then in order of subscription,
    across the whole inheritance chain of the event. `publish` returns after the last handler.

    Args:
        invoke: runs a handler: `await invoke(handler, event)`, with the handler as the user wrote it, async or
            not. A framework supplies the parameters beyond the event by it. None calls `handler(event)`.
        defer: receives the work of the `after_commit` handlers of each publish, an async function without
            parameters; returns True where it will await the function after the commit, or drop it on a rollback.
            Awaiting raises EventHandlerErrors when handlers fail. With None, or False because no unit of work is
            active, these handlers run at once, after the immediate ones.

    >>> import asyncio
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class UserCreated(Event):
    ...     name: str
    >>> bus = EventBus()
    >>> @bus.subscribe(UserCreated)
    ... async def greet(event: UserCreated) -> None:
    ...     print("hello", event.name)
    >>> asyncio.run(bus.publish(UserCreated("Ada")))
    hello Ada
    """

    def __init__(self, *, invoke: Invoke | None = None, defer: Defer | None = None) -> None:
        self._injects = invoke is not None
        self._subscriptions = Subscriptions()
        self._publisher = Publisher(self._subscriptions, invoke, defer)
        # Cached: a call of the method below would cost a publish to a single handler 8 %.
        self.publish = self._publisher.publish  # type: ignore[method-assign]  # the same signature

    def publish(self, event: Event, /, *, mode: Mode = "sequential") -> Coroutine[Any, Any, None]:
        """Deliver an event, and return when every handler has run.

        An event published by a handler gets `causation_id` (the id of the handled event) and `correlation_id` (the id
        of the first event of the chain) as metadata, unless set.

        Args:
            event: the event.
            mode: `sequential` runs handlers in order; `concurrent` runs handlers of equal priority side by side.

        Raises:
            EventHandlerErrors: the errors of all failed handlers, raised after the last handler.
            EventTypeError: the object is not an event.
            HandlerError: a handler needs parameters beyond the event, and the bus has no `invoke`; no handler has run.
            MiddlewareError: a middleware broke the chain. Errors raised by middleware arrive unchanged.
        """
        return self._publisher.publish(event, mode=mode)

    async def publish_many(self, events: Iterable[Event], /, *, mode: Mode = "sequential") -> None:
        """Publish events in order; a failure does not skip the rest.

        Raises:
            EventHandlerErrors: the errors of all handlers of all events.
            EventTypeError: an object is not an event; nothing has been published.
        """
        await self._publisher.publish_many(events, mode)

    async def drain(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the time limit is part of the promise
        """Wait for the end of every publish of the bus, in any task; for an orderly shutdown.

        Args:
            timeout: seconds to wait at most; None waits for ever.

        Raises:
            DrainError: the time has passed, or a handler of the bus called `drain`, and would wait for its own end.
        """
        await self._publisher.drain(timeout)

    def add_middleware(self, middleware: EventMiddleware) -> None:
        """Put a middleware around every publish, inside the former ones: the first is outermost.

        Raises:
            MiddlewareError: the object is not an async callable of `(context, call_next)`.
        """
        check_middleware(middleware)
        self._publisher.add_middleware(middleware)

    def on_error(self, hook: Hook) -> Hook:
        """Report every failure of a handler to a function, async or not, as it happens; usable as a decorator.

        The errors are raised to the caller of `publish` all the same.

        Raises:
            HandlerError: the object cannot be called.
        """
        if not callable(hook):
            raise HandlerError(f"{hook!r} cannot be called", "on_error", "give a function of a HandlerFailure")
        self._publisher.add_hook(hook)
        return hook

    @contextmanager
    def capture(self, *, deliver: bool = True) -> Generator[CapturedEvents]:
        """Record the events published while a `with` block runs, in any task.

        Args:
            deliver: False keeps the events from the handlers; middleware runs all the same.
        """
        captured = CapturedEvents(deliver=deliver)
        self._publisher.add_capture(captured)
        try:
            yield captured
        finally:
            self._publisher.remove_capture(captured)

    @overload
    def subscribe(
        self,
        event_type: type[E],
        handler: None = None,
        /,
        *,
        priority: int = 0,
        retry_on_error: Retryable = False,
        max_retries: int | None = None,
        backoff: Backoff | None = None,
        when: Callable[[E], bool] | None = None,
        phase: Phase = "immediate",
    ) -> Callable[[Callable[Concatenate[E, P], R]], Callable[Concatenate[E, P], R]]: ...
    @overload
    def subscribe(
        self,
        event_type: type[E],
        handler: Callable[Concatenate[E, P], R],
        /,
        *,
        priority: int = 0,
        retry_on_error: Retryable = False,
        max_retries: int | None = None,
        backoff: Backoff | None = None,
        when: Callable[[E], bool] | None = None,
        phase: Phase = "immediate",
    ) -> Callable[Concatenate[E, P], R]: ...
    def subscribe(
        self,
        event_type: type[Event],
        handler: Handler | None = None,
        /,
        *,
        priority: int = 0,
        retry_on_error: Retryable = False,
        max_retries: int | None = None,
        backoff: Backoff | None = None,
        when: Callable[[Any], bool] | None = None,
        phase: Phase = "immediate",
    ) -> Any:
        """Subscribe a handler; without `handler`, return a decorator.

        Args:
            event_type: the class of events; subclasses count.
            handler: async or not; takes the event, and more when the bus has an `invoke`.
            priority: higher numbers run first.
            retry_on_error: True, or the exceptions worth a further attempt; retries run inline.
            max_retries: attempts after the first, 0 or more; 3 unless given.
            backoff: the delays between attempts; short by default (50 ms, doubling, at most 1 s).
            when: a predicate of the event; the handler runs where it returns true.
            phase: `after_commit` waits until the unit of work has committed; see `defer`.

        Returns:
            The unchanged handler. A second subscription with the same options adds nothing.

        Raises:
            EventTypeError: `event_type` is not an event class.
            HandlerError: the handler cannot receive the event.
            SubscriptionError: the options contradict one another or an earlier subscription.
        """
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

        def add(handler: Handler) -> Handler:
            check_handler(handler)
            self._add([Subscription.of(event_type, handler, options)])
            return handler

        return add if handler is None else add(handler)

    def unsubscribe(self, event_type: type[Event], handler: Handler) -> bool:
        """Remove a handler from an event type; return whether there was a subscription."""
        removed = self._subscriptions.remove(
            lambda subscription: subscription.event_type is event_type and same_handler(subscription.handler, handler)
        )
        self._publisher.changed()
        return removed > 0

    def register(self, handlers: object) -> int:
        """Subscribe every method of an object marked by `@event_handler`, all or none.

        Args:
            handlers: the object; the bus keeps it alive until `unregister`.

        Returns:
            The number of new subscriptions.

        Raises:
            HandlerError: the object is a class or has no marked method, or a method cannot receive the event.
        """
        return self._add(marked_methods(handlers))

    def unregister(self, handlers: object) -> int:
        """Remove every method of an object from the bus; return the number of removed subscriptions."""
        removed = self._subscriptions.remove(
            lambda subscription: getattr(subscription.handler, "__self__", None) is handlers
        )
        self._publisher.changed()
        return removed

    def include(self, modules: Iterable[str]) -> int:
        """Subscribe the handlers marked by `@subscribe` in some modules, imported now or earlier; all or none.

        Args:
            modules: full names of modules; submodules are not included.

        Returns:
            The number of new subscriptions.

        Raises:
            HandlerError: a handler needs parameters beyond the event, and the bus has no `invoke`.
        """
        return self._add(
            Subscription.of(mark.event_type, function, mark.options)
            for function in recorded(modules)
            for mark in marks_of(function)
        )

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """The subscribed handlers, in order; a handler of several types appears several times."""
        return tuple(subscription.handler for subscription in self._subscriptions.all)

    def _accept(self, subscription: Subscription) -> None:
        """Add a subscription of `@subscribe`; parameters beyond the event are checked at the first publish."""
        self._subscriptions.add([subscription])
        self._publisher.changed()

    def _add(self, subscriptions: Iterable[Subscription]) -> int:
        wanted = list(subscriptions)
        for subscription in wanted:
            check_supply(subscription.handler, injects=self._injects)
        added = self._subscriptions.add(wanted)
        self._publisher.changed()
        return added
