"""Runs the handlers of one event; every failure is kept, none stops the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from .._event.event import Event
from .._handlers.failures import EventHandlerErrors, HandlerFailure
from .._handlers.handler import as_async
from .._handlers.retries import GaveUp
from .._handlers.subscription import Subscription
from .._middleware.chain import Mode
from .plan import Bands, Step

ErrorHook: TypeAlias = Callable[[HandlerFailure], Awaitable[None] | None]


class Delivery:
    """One event on its way through handlers; collects what fails.

    Args:
        event: what is delivered.
        hooks: called with each failure as it happens; what they raise is collected as well.
    """

    __slots__ = ("_hooks", "event", "failures")

    def __init__(self, event: Event, hooks: Sequence[ErrorHook]) -> None:
        self.event, self._hooks = event, hooks
        self.failures: list[HandlerFailure] = []

    async def run(self, bands: Bands, mode: Mode) -> None:
        """Run the handlers: one after the other, or those of equal priority side by side."""
        if mode == "sequential":
            bands = tuple((step,) for band in bands for step in band)
        try:
            for band in bands:
                if len(band) == 1:
                    await self._step(band[0])
                else:
                    async with asyncio.TaskGroup() as group:
                        for step in band:
                            group.create_task(self._step(step))
        except BaseException as stop:  # a cancellation, say: what failed before must not be lost with it
            if self.failures:
                raise stop from EventHandlerErrors.of(self.failures)
            raise

    async def _step(self, step: Step) -> None:
        call, subscription = step
        try:
            await call(self.event)
        except Exception as error:  # noqa: BLE001 - collected: the other handlers run, then all errors are raised
            await self.failed(subscription, error)

    async def failed(self, subscription: Subscription, error: Exception) -> None:
        """Keep one failure and tell the hooks."""
        last, attempts = (error.error, error.attempts) if isinstance(error, GaveUp) else (error, 1)
        failure = HandlerFailure(event=self.event, handler=str(subscription), attempts=attempts, error=last)
        self.failures.append(failure)
        for hook in self._hooks:
            try:
                await as_async(hook)(failure)
            except Exception as error:  # noqa: BLE001 - collected like a handler's
                name = f"on_error hook {hook!r}"
                self.failures.append(HandlerFailure(event=self.event, handler=name, attempts=1, error=error))

    def raise_failures(self) -> None:
        """Raise what was collected.

        Raises:
            EventHandlerErrors: at least one handler failed.
        """
        if self.failures:
            raise EventHandlerErrors.of(self.failures)
