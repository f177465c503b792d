"""The publisher of a bus: from `publish` through the middleware to the handlers.

The first publish of an event type compiles a `Plan`: the handlers in order and the middleware before them. A change of
subscriptions, middleware or captures drops every plan. A publish sets the current event and is in flight until its
end; the handlers run in the publishing task, by `run_in_order`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import TypeAlias, final

from .._errors import DrainError, EventTypeError
from .._event.event import Event
from .._handlers.failures import EventHandlerErrors, HandlerFailure
from .._handlers.subscription import Invoke
from .._handlers.subscriptions import Subscriptions
from .._middleware.chain import EventContext, EventMiddleware, MiddlewareChain, Mode, check_reached
from .._names import name_of
from .capture import CapturedEvents
from .delivery import ErrorHook, run_bands, run_in_order
from .in_flight import InFlight
from .plan import Bands, Plan, compile_steps

Defer: TypeAlias = Callable[[Callable[[], Awaitable[None]]], bool]

_handling: ContextVar[Event | None] = ContextVar("vega_event_handling", default=None)


def current_event() -> Event | None:
    """Return the event whose handlers the calling context belongs to, or None outside of handlers."""
    return _handling.get()


@final
class Publisher:
    """Publishes the events of a bus.

    Args:
        subscriptions: the subscriptions of the bus; `changed` follows each change.
        invoke: as in `EventBus`.
        defer: as in `EventBus`.
    """

    def __init__(self, subscriptions: Subscriptions, invoke: Invoke | None, defer: Defer | None) -> None:
        self._subscriptions, self._invoke, self._defer = subscriptions, invoke, defer
        self.in_flight = InFlight()
        self._middlewares: tuple[EventMiddleware, ...] = ()
        self._hooks: tuple[ErrorHook, ...] = ()
        self._captures: tuple[CapturedEvents, ...] = ()
        self._plans: dict[int, Plan] = {}  # by the id of the class, which the bus does not keep alive
        self._classes: dict[int, weakref.ref[type[Event]]] = {}
        self._lock = threading.RLock()

    async def publish(self, event: Event, /, *, mode: Mode = "sequential") -> None:
        """Deliver an event; see `EventBus.publish`."""
        plan = self._plans.get(id(type(event))) or self._compile(event)
        cause = _handling.get()
        if cause is not None:
            _link(event, cause)
        flight = self.in_flight
        token = _handling.set(event)
        key = id(token)
        flight.running[key] = event
        try:
            if plan.is_straight and mode == "sequential":
                if (call := plan.single) is None:
                    return await run_in_order(event, plan.steps, self._hooks)
                try:  # a single handler in place: the coroutine of a loop would cost a sixth
                    await call(event)
                except Exception as error:  # noqa: BLE001 - raised again in the loop, and collected there
                    failed = error
                else:
                    return None
                await run_in_order(event, plan.failing(failed), self._hooks)
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
            except ValueError:  # the coroutine was closed outside its context
                pass

    async def publish_many(self, events: Iterable[Event], mode: Mode) -> None:
        """Publish events in order; see `EventBus.publish_many`."""
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

    async def drain(self, timeout: float | None) -> None:  # noqa: ASYNC109 - the time limit is part of the promise
        """Wait until no publish is under way; see `EventBus.drain`."""
        handled = _handling.get()
        if any(event is handled for event in list(self.in_flight.running.values())):
            raise DrainError(
                "drain would wait for the publish that called it",
                f"a handler of {handled.event_name if handled else ''}",
                "call drain at shutdown, outside of handlers",
            )
        await self.in_flight.wait(timeout)

    def add_middleware(self, middleware: EventMiddleware) -> None:
        """Add an innermost middleware."""
        with self._lock:
            self._middlewares = (*self._middlewares, middleware)
            self.changed()

    def add_hook(self, hook: ErrorHook) -> None:
        """Report every later failure to a function."""
        with self._lock:
            self._hooks = (*self._hooks, hook)

    def add_capture(self, captured: CapturedEvents) -> None:
        """Record every later event."""
        with self._lock:
            self._captures = (*self._captures, captured)
            self.changed()

    def remove_capture(self, captured: CapturedEvents) -> None:
        """End a recording."""
        with self._lock:
            self._captures = tuple(other for other in self._captures if other is not captured)
            self.changed()

    def changed(self) -> None:
        """Compile every event type again at the next publish; publishes in flight keep the former plans."""
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
                plan = replace(plan, is_straight=True)
            self._remember(type(event), plan)
        return plan

    def _remember(self, event_type: type[Event], plan: Plan) -> None:
        """Keep a plan for the lifetime of the class; afterwards a new class may have the same id."""
        key, plans, classes = id(event_type), self._plans, self._classes

        def forget(_: weakref.ref[type[Event]]) -> None:
            plans.pop(key, None)
            classes.pop(key, None)

        if key not in classes:
            classes[key] = weakref.ref(event_type, forget)
        plans[key] = plan

    def _chain(self, plan: Plan) -> MiddlewareChain:
        """Return the chain of middlewares; at its end the captures, then the handlers."""
        captures = self._captures

        async def capture(context: EventContext) -> None:
            context.chain.arrive(context)
            for captured in captures:
                captured.add(context.event)
            if all(captured.deliver for captured in captures):
                await self._handle(plan, context.event, context.mode)

        async def deliver(context: EventContext) -> None:
            if context.mode != "sequential" or context.reached >= context.chain.depth:
                return await capture(context)
            context.reached = context.chain.depth
            if (call := plan.single) is None:
                return await run_in_order(context.event, plan.steps, self._hooks)
            try:  # in place, as in `publish`
                await call(context.event)
            except Exception as error:  # noqa: BLE001 - the same
                failed = error
            else:
                return None
            return await run_in_order(context.event, plan.failing(failed), self._hooks)

        end = capture if captures or plan.later else deliver
        return MiddlewareChain(self._middlewares, end, [subscription for _, subscription in plan.steps])

    async def _handle(self, plan: Plan, event: Event, mode: Mode) -> None:
        _check_mode(mode)
        await self._deliver(event, mode, plan.now, plan.later)

    async def _deliver(self, event: Event, mode: Mode, now: Bands, later: Bands) -> None:
        """Run the immediate handlers, then defer the after-commit handlers, or run these too without a unit of work."""
        failures: list[HandlerFailure] = []
        await run_bands(event, now, mode, self._hooks, failures)
        if later and not (self._defer and self._defer(partial(self._after_commit, event, mode, later))):
            await run_bands(event, later, mode, self._hooks, failures)
        if failures:
            raise EventHandlerErrors.of(failures)

    async def _after_commit(self, event: Event, mode: Mode, later: Bands) -> None:
        """Run the deferred handlers, as a part of the event's handling."""
        flight = self.in_flight
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
        fix = f"publish an object: {event.__name__}(...)" if isinstance(event, type) else "derive its class from Event"
        raise EventTypeError(f"{event!r} is not an event", f"publish({name_of(event)})", fix)


def _check_mode(mode: object) -> None:
    if mode not in ("sequential", "concurrent"):
        raise EventTypeError(f"there is no mode {mode!r}", "publish", 'use "sequential" or "concurrent"')


def _link(event: Event, cause: Event) -> None:
    if event is not cause:
        event.metadata.setdefault("causation_id", cause.event_id)
        event.metadata.setdefault("correlation_id", cause.metadata.get("correlation_id", cause.event_id))
