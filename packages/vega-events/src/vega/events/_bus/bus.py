"""The bus: who listens, and how an event gets to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec, TypeVar, final, overload

from .._event.event import Event
from .._handlers.backoff import Backoff
from .._handlers.catalogue import marks_of, recorded
from .._handlers.handler import check_handler, check_supply
from .._handlers.methods import marked_methods
from .._handlers.subscription import Handler, Invoke, Phase, Retryable, Subscription, check_event_type, options_of
from .._handlers.subscriptions import same_handler
from .publisher import Defer, Publisher

E = TypeVar("E", bound=Event)
P = ParamSpec("P")
R = TypeVar("R")


@final
class EventBus(Publisher):
    """Delivers events to handlers within one process, in order, and loses no error.

    Handlers run in the task that publishes: by priority, the highest first, then in order of subscription,
    across the whole inheritance chain of the event. `publish` returns when all have run.

    Args:
        invoke: runs a handler: `await invoke(handler, event)`, given the handler as the user wrote it, async or
            not. By it a framework supplies the parameters beyond the event. None calls `handler(event)`.
        defer: offered the work of the `after_commit` handlers of each publish, as an async function without
            parameters; returns whether it took it. Whoever takes it awaits it after the commit and drops it on a
            rollback; awaiting it raises EventHandlerErrors when handlers fail. With None, or when it returns
            False because no unit of work is active, these handlers run at once, after the immediate ones.

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
        super().__init__(invoke, defer)

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
        """Subscribe a handler; without one, return a decorator that does.

        Args:
            event_type: the class of event; events of its subclasses come too.
            handler: async or not; takes the event, and more when the bus has an `invoke`.
            priority: higher ones run first.
            retry_on_error: True, or the exceptions that are worth another attempt; retries run inline.
            max_retries: attempts after the first, 0 or more; 3 unless given.
            backoff: the delays between attempts; short by default (50 ms, doubling, at most 1 s).
            when: asked for each event; the handler runs when it returns true.
            phase: `after_commit` waits until the unit of work has committed; see `defer`.

        Returns:
            The handler as it is. One that is there already, with the same options, counts once.

        Raises:
            EventTypeError: `event_type` is no event class.
            HandlerError: the handler cannot receive the event.
            SubscriptionError: the options contradict each other, or those of an earlier subscription.
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
        """Take a handler off an event type; return whether it was there."""
        gone = self._subscriptions.remove(
            lambda subscription: subscription.event_type is event_type and same_handler(subscription.handler, handler)
        )
        self._changed()
        return gone > 0

    def register(self, handlers: object) -> int:
        """Subscribe every method of an object that `@event_handler` marks, all or none.

        Args:
            handlers: the object; the bus keeps it alive until `unregister`.

        Returns:
            How many subscriptions are new.

        Raises:
            HandlerError: it is a class, has no such method, or one cannot receive the event.
        """
        return self._add(marked_methods(handlers))

    def unregister(self, handlers: object) -> int:
        """Take every method of an object off the bus; return how many subscriptions went."""
        gone = self._subscriptions.remove(lambda each: getattr(each.handler, "__self__", None) is handlers)
        self._changed()
        return gone

    def include(self, modules: Iterable[str]) -> int:
        """Subscribe the handlers that `@subscribe` marked in some modules, imported now or earlier; all or none.

        Args:
            modules: full names of modules; their submodules are not meant.

        Returns:
            How many subscriptions are new; a handler that is on this bus already counts once.

        Raises:
            HandlerError: a handler needs parameters that this bus does not supply.
        """
        return self._add(
            Subscription.of(mark.event_type, function, mark.options)
            for function in recorded(modules)
            for mark in marks_of(function)
        )

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """The handlers that are subscribed, in order; one that is subscribed to several types comes several times."""
        return tuple(subscription.handler for subscription in self._subscriptions.all)

    def accept(self, subscription: Subscription) -> None:
        """Take a subscription of `@subscribe`; what it needs beyond the event is asked for at the first publish."""
        self._subscriptions.add([subscription])
        self._changed()

    def _add(self, subscriptions: Iterable[Subscription]) -> int:
        wanted = list(subscriptions)
        for each in wanted:
            check_supply(each.handler, injects=self._invoke is not None)
        added = self._subscriptions.add(wanted)
        self._changed()
        return added
