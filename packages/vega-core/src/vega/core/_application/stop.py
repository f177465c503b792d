"""Stops things one after the other within one time limit, whatever fails, and names what was too slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import final

from .._errors import StopTimeoutError


@final
class Stop:
    """A list of things to stop.

    They run in the task that calls `run`, as some have to be closed by the task that opened them. One that goes
    on although it was cancelled cannot be left behind therefore.

    Args:
        name: whose they are.
        limit: how long all of it may take, in seconds, above 0. Each may take what is left, shared equally among
            those that are to come; so one that hangs leaves the others their time.
    """

    def __init__(self, name: str, limit: float) -> None:
        self._name, self._limit = name, limit
        self._steps: list[tuple[str, Callable[[], Awaitable[object]]]] = []

    def add(self, what: str, step: Callable[[], Awaitable[object]]) -> None:
        """Add one thing, to be stopped after those that were added before."""
        self._steps.append((what, step))

    async def run(self) -> None:
        """Stop all of them.

        Raises:
            StopTimeoutError: one of them took too long.
            BaseExceptionGroup: several failed; one failure alone is raised as it is.
        """
        end = asyncio.get_running_loop().time() + self._limit
        errors: list[BaseException] = []
        while self._steps:
            left = max(0.0, end - asyncio.get_running_loop().time())
            share = left / len(self._steps)
            what, step = self._steps.pop(0)
            try:
                await self._within(share, what, step)
            except BaseException as error:  # noqa: BLE001 - collected: the others must stop too
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
                    "find out what it waits for, or allow more by VEGA_STOP_TIMEOUT",
                ) from error
            error.add_note(f"while {what} was stopped")
            raise
