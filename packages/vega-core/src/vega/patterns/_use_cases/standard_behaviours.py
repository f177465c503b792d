"""The standard behaviours except the transaction: log, time, authorise, validate, retry."""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .._errors import InvalidBehaviourError, NotAuthorisedError
from .behaviours import CallNext
from .use_case import UseCase

_logger = logging.getLogger("vega.patterns")


class LogBehaviour:
    """Logs every use case: start at DEBUG, success at INFO, failure at ERROR; never the input.

    Args:
        logger: the destination; the logger `vega.patterns` when None.
    """

    order = 100

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self.logger: logging.Logger = logger or _logger

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run a use case and log the outcome."""
        name = type(use_case).__qualname__
        extra = {"use_case": name}
        self.logger.debug("%s starts", name, extra=extra)
        try:
            result = await call_next()
        except Exception as error:
            self.logger.error("%s failed: %s", name, type(error).__qualname__, extra=extra)  # noqa: TRY400 - the exception propagates with its traceback
            raise
        self.logger.info("%s succeeded", name, extra=extra)
        return result


class TimeBehaviour:
    """Measures the duration of every use case, including failures.

    Args:
        report: called with the class of the use case and the duration in seconds.
    """

    order = 200

    def __init__(self, report: Callable[[type, float], None]) -> None:
        self.report = report

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run a use case and report its duration."""
        started = time.perf_counter()
        try:
            return await call_next()
        finally:
            self.report(type(use_case), time.perf_counter() - started)


class AuthoriseBehaviour:
    """Checks permission before a use case runs.

    Args:
        allowed: receives the use case; returns, or resolves to, true or false.

    Raises:
        NotAuthorisedError: at the run, when the result is not true.
    """

    order = 300

    def __init__(self, allowed: Callable[[Any], bool | Awaitable[bool]]) -> None:
        self.allowed = allowed

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run a use case if permitted."""
        answer = self.allowed(use_case)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not True:
            raise NotAuthorisedError(
                f"{type(use_case).__name__} is not allowed", type(use_case).__qualname__, "run it as a permitted caller"
            )
        return await call_next()


class ValidateBehaviour:
    """Checks a use case with a rule on several fields or on external state.

    Args:
        check: receives the use case and raises an error if invalid; sync or async.
    """

    order = 400

    def __init__(self, check: Callable[[Any], Awaitable[None] | None]) -> None:
        self.check = check

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Check a use case, then run it."""
        checking = self.check(use_case)
        if inspect.isawaitable(checking):
            await checking
        return await call_next()


class RetryBehaviour:
    """Runs a use case again after a transient failure.

    The maximum delay doubles from `base` up to `cap`; each delay is random below the maximum ("full jitter").

    Args:
        retries: number of further runs, at least 0.
        on: the transient errors.
        base: the maximum of the first delay, in seconds, at least 0.
        cap: the maximum of any delay, in seconds, at least `base`.

    Source: Brooker, "Exponential Backoff and Jitter", AWS blog, 2015.
    """

    order = 500

    def __init__(self, retries: int, *, on: tuple[type[Exception], ...], base: float = 0.05, cap: float = 1.0) -> None:
        if retries < 0 or not 0 <= base <= cap:
            raise InvalidBehaviourError(
                "retries, base or cap is out of range", "RetryBehaviour", "give retries >= 0 and 0 <= base <= cap"
            )
        self.retries: int = retries
        self.on: tuple[type[Exception], ...] = on
        self.base: float = base
        self.cap: float = cap

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run a use case until success or the last attempt."""
        for attempt in range(self.retries):
            try:
                return await call_next()
            except self.on:
                longest = min(self.cap, self.base * 2**attempt)
                await asyncio.sleep(random.uniform(0, longest))
        return await call_next()
