"""Runs an attempt of a job: as a plain call, or inside an activation of an application, with injected services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, final

from vega.core.introspection import line_of

from ._queue import JobQueue, use_job_queue

if TYPE_CHECKING:  # importing vega.core would load the application
    from vega.core import Application


@final
class Attempts:
    """Calls job functions with the arguments of their payloads.

    Args:
        queue: the current queue while a job runs, so that a job can enqueue others.
        application: if set, each call runs inside `application.activate()`, and its container injects parameters;
            arguments of the payload take precedence. Errors on use of the attempt's scope after its end name the
            job.
    """

    def __init__(self, queue: JobQueue, application: Application | None) -> None:
        self._queue, self._application = queue, application
        self._bound: dict[Callable[..., Any], Callable[..., Any]] = {}

    async def __call__(self, function: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        """Run the function and return its result."""
        if self._application is None:
            with use_job_queue(self._queue):
                return await function(**arguments)
        bound = self._bound.get(function)
        if bound is None:
            bound = self._bound[function] = self._application.container.bind(function)
        async with self._application.activate(origin=partial(_origin, function)):
            with use_job_queue(self._queue):
                return await bound(**arguments)


def _origin(function: Callable[..., Any]) -> str:
    """Return the job of a scope in words, with file and line."""
    return f"the job {function.__name__} ({line_of(function)})"
