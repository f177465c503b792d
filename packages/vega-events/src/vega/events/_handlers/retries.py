"""Runs a handler until success or the last attempt; a cancellation ends the attempts at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from .handler import as_async
from .subscription import Invoke, Options, Subscription

Call: TypeAlias = Callable[[Any], Awaitable[object]]

_logger = logging.getLogger("vega.events")


class GaveUp(Exception):  # noqa: N818 - a signal between two modules, caught by the loop over handlers
    """Carries the last error of a handler and the number of attempts to the loop over handlers."""

    def __init__(self, error: Exception, attempts: int) -> None:
        super().__init__(error, attempts)
        self.error, self.attempts = error, attempts


def compile_call(subscription: Subscription, invoke: Invoke | None) -> Call:
    """Return the async function that runs the handler of a subscription."""
    handler, options = subscription.handler, subscription.options
    call: Call = as_async(handler) if invoke is None else partial(invoke, handler)
    if options.retries:
        call = _with_retries(call, options, str(subscription))
    if options.when is not None:
        call = _with_condition(call, options.when)
    return call


def _with_retries(call: Call, options: Options, name: str) -> Call:
    async def run(event: Any) -> object:
        for attempt in range(1, options.retries + 1):
            try:
                return await call(event)
            except options.retry_on as error:
                delay = options.backoff.delay(attempt)
                _logger.info("%s failed with %s; attempt %d in %.3f s", name, type(error).__name__, attempt + 1, delay)
            except Exception as error:
                raise GaveUp(error, attempt) from error
            await asyncio.sleep(delay)
        try:
            return await call(event)
        except Exception as error:
            raise GaveUp(error, options.retries + 1) from error

    return run


def _with_condition(call: Call, when: Callable[[Any], bool]) -> Call:
    async def run(event: Any) -> object:
        try:
            wanted = when(event)
        except Exception as error:
            raise GaveUp(error, 0) from error
        return await call(event) if wanted else None

    return run
