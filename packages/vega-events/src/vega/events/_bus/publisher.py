"""The half of the bus that delivers: from `publish` through the middleware to the handlers."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import TypeAlias, TypeVar

from .._errors import DrainError, EventTypeError, HandlerError
from .._event.event import Event
from .._handlers.failures import EventHandlerErrors, HandlerFailure
from .._handlers.subscription import Invoke
from .._handlers.subscriptions import Subscriptions
from .._middleware.chain import EventContext, EventMiddleware, MiddlewareChain, Mode, check_middleware, check_reached
from .._names import name_of
from .capture import CapturedEvents
from .delivery import Delivery, ErrorHook
from .in_flight import InFlight
from .plan import Bands, Plan, compile_steps

Hook = TypeVar("Hook", bound=ErrorHook)
Defer: TypeAlias = Callable[[Callable[[], Awaitable[None]]], bool]

_handling: ContextVar[Event | None] = ContextVar("vega_event_handling", default=None)


def current_event() -> Event | None:
    """Return the event whose handlers the calling context belongs to, or None outside of handlers."""
    return _handling.get()


class Publisher:
    """What EventBus does with an event; its other half, EventBus itself, keeps the subscriptions."""

    def __init__(self, invoke: Invoke | None, defer: Defer | None) -> None:
        self._invoke, self._defer = invoke, defer
        self._subscriptions, self._in_flight = Subscriptions(), InFlight()
        self._middlewares: tuple[EventMiddleware, ...] = ()
        self._hooks: tuple[ErrorHook, ...] = ()
        self._captures: tuple[CapturedEvents, ...] = ()
        self._plans: dict[int, Plan] = {}  # by the id of the class, which the bus does not keep alive
        self._classes: dict[int, weakref.ref[type[Event]]] = {}
        self._lock = threading.RLock()

    async def publish(self, event: Event, /, *, mode: Mode = "sequential") -> None:
        """Deliver an event, and return when every handler has run.

        An event that is published while another is being handled gets `causation_id` (the id of that other) and
        `correlation_id` (that of the first in the chain) in its metadata, unless they are set.

        Args:
            event: the event.
            mode: `sequential` runs one handler after the other; `concurrent` runs those of equal priority
                side by side.

        Raises:
            EventHandlerErrors: the errors of all handlers that failed; the others have run.
            EventTypeError: it is no event.
            HandlerError: a handler needs more than this bus supplies; none has run.
            MiddlewareError: a middleware broke the chain. Other errors of middleware arrive as they are.
        """
        plan = self._plans.get(id(type(event))) or self._compile(event)
        cause = _handling.get()
        if cause is not None:
            _link(event, cause)
        flight = self._in_flight
        token = _handling.set(event)
        key = id(token)
        flight.running[key] = event
        try:
            if plan.straight and mode == "sequential":
                at = 0  # the loop of Delivery.run, without the cost of one more coroutine
                try:
                    for call in plan.straight:
                        await call(event)
                        at += 1
                except Exception as error:  # noqa: BLE001 - collected: the other handlers run, then all errors are raised
                    failure = error
                else:
                    return
                await self._recover(plan, event, at, failure)
            elif (chain := plan.chain) is None:
                await self._handle(plan, event, mode)
            else:
                context = EventContext()
                context.event, context.chain, context.mode = event, chain, mode
                await chain.enter(context, chain.following)
                if context.reached < chain.depth:
                    check_reached(context)
        finally:
            del flight.running[key]
            if flight.waiters:
                flight.wake()
            try:  # noqa: SIM105 - suppress() would cost more than the whole way of an event to one handler
                _handling.reset(token)
            except ValueError:  # the coroutine was closed from outside its context, which is gone
                pass

    async def publish_many(self, events: Iterable[Event], /, *, mode: Mode = "sequential") -> None:
        """Publish events one after the other, whatever fails on the way.

        Raises:
            EventHandlerErrors: the errors of all handlers of all events.
            EventTypeError: one is no event; none has been published.
        """
        wanted = list(events)
        for event in wanted:
            _check_event(event)
        failures: list[HandlerFailure] = []
        try:
            for event in wanted:
                try:
                    await self.publish(event, mode=mode)
                except EventHandlerErrors as errors:
                    failures.extend(errors.failures)
        except BaseException as stop:  # an error of middleware, or a cancellation
            if failures:
                raise stop from EventHandlerErrors.of(failures)
            raise
        if failures:
            raise EventHandlerErrors.of(failures)

    async def drain(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the time limit is part of the promise
        """Wait until no publish of this bus is under way, in any task; for an orderly shutdown.

        Args:
            timeout: seconds to wait at most; None waits for ever.

        Raises:
            DrainError: the time is over, or a handler of this bus called it, which would wait for itself.
        """
        handled = _handling.get()
        if any(event is handled for event in list(self._in_flight.running.values())):
            raise DrainError(
                "drain would wait for the publish that it is called from",
                f"a handler of {handled.event_name if handled else ''}",
                "call drain at shutdown, outside of handlers",
            )
        await self._in_flight.wait(timeout)

    def add_middleware(self, middleware: EventMiddleware) -> None:
        """Put a middleware around every publish, inside of those that are there: the first is outermost.

        Raises:
            MiddlewareError: it is no async callable of `(context, call_next)`.
        """
        check_middleware(middleware)
        with self._lock:
            self._middlewares = (*self._middlewares, middleware)
            self._changed()

    def on_error(self, hook: Hook) -> Hook:
        """Have every failure of a handler told to a function, async or not, as it happens; usable as a decorator.

        It watches; the errors are raised to the publisher as before.

        Raises:
            HandlerError: it cannot be called.
        """
        if not callable(hook):
            raise HandlerError(f"{hook!r} cannot be called", "on_error", "give a function of a HandlerFailure")
        with self._lock:
            self._hooks = (*self._hooks, hook)
        return hook

    @contextmanager
    def capture(self, *, deliver: bool = True) -> Generator[CapturedEvents]:
        """Watch what is published while a `with` block runs, from any task.

        Args:
            deliver: False keeps the events from the handlers; middleware runs all the same.
        """
        captured = CapturedEvents(deliver=deliver)
        with self._lock:
            self._captures = (*self._captures, captured)
            self._changed()
        try:
            yield captured
        finally:
            with self._lock:
                self._captures = tuple(each for each in self._captures if each is not captured)
                self._changed()

    def _changed(self) -> None:
        """Have every event type worked out anew; publishes under way finish by their old plans."""
        with self._lock:
            self._plans.clear()

    def _compile(self, event: Event) -> Plan:
        _check_event(event)
        with self._lock:
            now, later = compile_steps(type(event), self._subscriptions.all, self._invoke)
            plan = Plan(now=now, later=later)
            if self._middlewares or self._captures:
                plan = replace(plan, chain=self._chain(plan))
            elif not later:
                plan = replace(plan, straight=plan.calls)
            self._remember(type(event), plan)
        return plan

    def _remember(self, event_type: type[Event], plan: Plan) -> None:
        """Keep a plan for as long as its class lives; another class may have the id after that."""
        key, plans, classes = id(event_type), self._plans, self._classes

        def forget(_: weakref.ref[type[Event]]) -> None:
            plans.pop(key, None)
            classes.pop(key, None)

        if key not in classes:
            classes[key] = weakref.ref(event_type, forget)
        plans[key] = plan

    def _chain(self, plan: Plan) -> MiddlewareChain:
        """Return the chain of middlewares; at its end the captures, then the handlers."""
        chain: MiddlewareChain
        captures, depth = self._captures, len(self._middlewares)

        async def capture(context: EventContext) -> None:
            chain.arrive(context)
            for captured in captures:
                captured.add(context.event)
            if all(captured.deliver for captured in captures):
                await self._handle(plan, context.event, context.mode)

        async def deliver(context: EventContext) -> None:
            if context.reached >= depth or context.mode != "sequential":
                chain.arrive(context)
                return await self._handle(plan, context.event, context.mode)
            context.reached, at = depth, 0
            try:
                for call in plan.calls:  # the loop of publish, without the cost of one more coroutine
                    await call(context.event)
                    at += 1
            except Exception as error:  # noqa: BLE001 - collected, as in publish
                failure = error
            else:
                return None
            return await self._recover(plan, context.event, at, failure)

        end = capture if captures or plan.later else deliver
        chain = MiddlewareChain(self._middlewares, end, [each for _, each in plan.steps])
        return chain

    async def _handle(self, plan: Plan, event: Event, mode: Mode) -> None:
        """Run the handlers of a plan."""
        _check_mode(mode)
        await self._deliver(event, mode, plan.now, plan.later)

    async def _recover(self, plan: Plan, event: Event, at: int, error: Exception) -> None:
        """Keep the error of one handler, run those behind it, and raise."""
        delivery = Delivery(event, self._hooks)
        await delivery.failed(plan.steps[at][1], error)
        await delivery.run((plan.steps[at + 1 :],), "sequential")
        delivery.raise_failures()

    async def _deliver(self, event: Event, mode: Mode, now: Bands, later: Bands) -> None:
        """Run the immediate handlers, then hand on the after-commit ones, or run them when nobody takes them."""
        delivery = Delivery(event, self._hooks)
        await delivery.run(now, mode)
        if later and not (self._defer and self._defer(partial(self._after_commit, event, mode, later))):
            await delivery.run(later, mode)
        delivery.raise_failures()

    async def _after_commit(self, event: Event, mode: Mode, later: Bands) -> None:
        """Run the handlers that waited for the commit, as a part of the event's handling."""
        flight = self._in_flight
        token = _handling.set(event)
        key = id(token)
        flight.running[key] = event
        try:
            await self._deliver(event, mode, later, ())
        finally:
            del flight.running[key]
            flight.wake()
            _handling.reset(token)


def _check_event(event: object) -> None:
    if not isinstance(event, Event):
        made = f"publish an object: {event.__name__}(...)" if isinstance(event, type) else "derive its class from Event"
        raise EventTypeError(f"{event!r} is no event", f"publish({name_of(event)})", made)


def _check_mode(mode: object) -> None:
    if mode not in ("sequential", "concurrent"):
        raise EventTypeError(f"there is no mode {mode!r}", "publish", 'use "sequential" or "concurrent"')


def _link(event: Event, cause: Event) -> None:
    if event is not cause:
        event.metadata.setdefault("causation_id", cause.event_id)
        event.metadata.setdefault("correlation_id", cause.metadata.get("correlation_id", cause.event_id))
