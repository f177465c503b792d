"""The behaviours that come with Vega: log, time, authorise, validate, retry. The transaction has its own module."""

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
    """Logs each use case: its start at DEBUG, its success at INFO, its failure at ERROR; never its input.

    Args:
        logger: where to; the logger `vega.patterns` when None.
    """

    order = 100

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self.logger: logging.Logger = logger or _logger

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run one use case and log it."""
        name = type(use_case).__qualname__
        extra = {"use_case": name}
        self.logger.debug("%s starts", name, extra=extra)
        try:
            result = await call_next()
        except Exception as error:
            self.logger.error("%s failed: %s", name, type(error).__qualname__, extra=extra)  # noqa: TRY400 - the traceback goes on with the error
            raise
        self.logger.info("%s succeeded", name, extra=extra)
        return result


class TimeBehaviour:
    """Measures each use case, also one that fails.

    Args:
        report: called with the use case's class and the time it took, in seconds.
    """

    order = 200

    def __init__(self, report: Callable[[type, float], None]) -> None:
        self.report = report

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run one use case and measure it."""
        started = time.perf_counter()
        try:
            return await call_next()
        finally:
            self.report(type(use_case), time.perf_counter() - started)


class AuthoriseBehaviour:
    """Asks whether a use case may run before it does.

    Args:
        allowed: takes the use case and returns, or resolves to, true or false.

    Raises:
        NotAuthorisedError: at the run, when the answer is not true.
    """

    order = 300

    def __init__(self, allowed: Callable[[Any], bool | Awaitable[bool]]) -> None:
        self.allowed = allowed

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run one use case if it may."""
        answer = self.allowed(use_case)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not True:
            raise NotAuthorisedError(
                f"{type(use_case).__name__} is not allowed", type(use_case).__qualname__, "ask as somebody who may"
            )
        return await call_next()


class ValidateBehaviour:
    """Checks a use case by a rule that needs more than one field, or something outside it.

    Args:
        check: takes the use case and raises what is wrong; sync or async.
    """

    order = 400

    def __init__(self, check: Callable[[Any], Awaitable[None] | None]) -> None:
        self.check = check

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Check one use case, then run it."""
        checking = self.check(use_case)
        if inspect.isawaitable(checking):
            await checking
        return await call_next()


class RetryBehaviour:
    """Runs a use case again when it fails in a way that may pass.

    The delay doubles from `base` to at most `cap`, each time a random part of it ("full jitter").

    Args:
        retries: how many times to run again after the first, at least 0.
        on: the errors that may pass.
        base: the longest first delay, in seconds, at least 0.
        cap: the longest delay, in seconds, at least `base`.

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
        """Run one use case until it succeeds or has no attempt left."""
        for attempt in range(self.retries):
            try:
                return await call_next()
            except self.on:
                longest = min(self.cap, self.base * 2**attempt)
                await asyncio.sleep(random.uniform(0, longest))
        return await call_next()
