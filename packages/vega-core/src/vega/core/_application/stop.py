"""Stops a list of parts in order within a time limit, despite failures, and reports slow parts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import final

from .._errors import StopTimeoutError


@final
class Stop:
    """A list of parts to stop, in order.

    All parts stop in the task that calls `run`, since some must be closed by the task that opened them. So a part that
    ignores cancellation cannot be abandoned.

    Args:
        name: the owner, for messages.
        limit: the time limit for all parts, in seconds, above 0. The remaining time is shared equally among the
            remaining parts, so that a hanging part leaves time to the others.
    """

    def __init__(self, name: str, limit: float) -> None:
        self._name, self._limit = name, limit
        self._steps: list[tuple[str, Callable[[], Awaitable[object]]]] = []

    def add(self, what: str, step: Callable[[], Awaitable[object]]) -> None:
        """Add a part, to be stopped after earlier parts."""
        self._steps.append((what, step))

    async def run(self) -> None:
        """Stop all parts.

        Raises:
            StopTimeoutError: a part exceeded its time.
            BaseExceptionGroup: several parts failed; a single failure is raised directly.
        """
        end = asyncio.get_running_loop().time() + self._limit
        errors: list[BaseException] = []
        while self._steps:
            left = max(0.0, end - asyncio.get_running_loop().time())
            share = left / len(self._steps)
            what, step = self._steps.pop(0)
            try:
                await self._within(share, what, step)
            except BaseException as error:  # noqa: BLE001 - collected: further parts must stop too
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise BaseExceptionGroup(f"{len(errors)} parts of {self._name} did not stop well", errors)

    async def _within(self, seconds: float, what: str, step: Callable[[], Awaitable[object]]) -> None:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                await step()
        except BaseException as error:
            if isinstance(error, TimeoutError) and limit.expired():
                raise StopTimeoutError(
                    f"{what} did not stop within {seconds:.3g} s",
                    self._name,
                    "find the cause of the delay, or raise the limit with VEGA_STOP_TIMEOUT",
                ) from error
            error.add_note(f"while {what} was stopped")
            raise
