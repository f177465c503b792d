"""Runs the handlers of an event; a failure is kept, and does not stop the rest.

`run_in_order` is the only loop over handlers: of a plain publish, at the end of a middleware chain, in the bands of a
concurrent publish, and after a commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from .._event.event import Event
from .._handlers.failures import EventHandlerErrors, HandlerFailure
from .._handlers.handler import as_async
from .._handlers.retries import GaveUp
from .._handlers.subscription import Subscription
from .._middleware.chain import Mode
from .plan import Bands, Step

ErrorHook: TypeAlias = Callable[[HandlerFailure], Awaitable[None] | None]
Failures: TypeAlias = list[HandlerFailure]


async def run_in_order(
    event: Event,
    steps: Iterable[Step],
    hooks: Sequence[ErrorHook],
    collected: Failures | None = None,
) -> None:
    """Run handlers in order.

    Args:
        event: the event.
        steps: calls with subscriptions.
        hooks: functions of a failure, called at once; errors of hooks are collected as well.
        collected: receives the failures; None raises them at the end.

    Raises:
        EventHandlerErrors: a handler failed.
    """
    failures, remaining = collected, iter(steps)
    while True:
        try:
            for call, subscription in remaining:  # noqa: B007 - named in the except clause
                await call(event)
            break
        except Exception as error:  # noqa: BLE001 - collected: the remaining handlers run, then all errors are raised
            failures = [] if failures is None else failures
            await _collect(failures, event, subscription, error, hooks)  # pyright: ignore[reportPossiblyUnboundVariable]  # bound by the loop before any call
        except BaseException as stop:  # such as a cancellation: earlier failures must not be lost
            if failures:
                raise stop from EventHandlerErrors.of(failures)
            raise
    if collected is None and failures:
        raise EventHandlerErrors.of(failures)


async def run_bands(event: Event, bands: Bands, mode: Mode, hooks: Sequence[ErrorHook], failures: Failures) -> None:
    """Run handlers in order, or handlers of equal priority side by side, and collect the failures."""
    if mode == "sequential":
        await run_in_order(event, (step for band in bands for step in band), hooks, failures)
        return
    try:
        for band in bands:
            async with asyncio.TaskGroup() as group:
                for step in band:
                    group.create_task(run_in_order(event, (step,), hooks, failures))
    except BaseException as stop:
        if failures:
            raise stop from EventHandlerErrors.of(failures)
        raise


async def _collect(
    failures: Failures, event: Event, subscription: Subscription, error: Exception, hooks: Sequence[ErrorHook]
) -> None:
    last, attempts = (error.error, error.attempts) if isinstance(error, GaveUp) else (error, 1)
    failure = HandlerFailure(event=event, handler=str(subscription), attempts=attempts, error=last)
    failures.append(failure)
    for hook in hooks:
        try:
            await as_async(hook)(failure)
        except Exception as hook_error:  # noqa: BLE001 - collected like the error of a handler
            name = f"on_error hook {hook!r}"
            failures.append(HandlerFailure(event=event, handler=name, attempts=1, error=hook_error))
