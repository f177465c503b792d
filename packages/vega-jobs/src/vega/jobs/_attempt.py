"""Runs a job's function once: alone, or inside one activation of an application that injects its services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, final

from vega.core.introspection import line_of

from ._queue import JobQueue, use_job_queue

if TYPE_CHECKING:  # vega.core loads the application when it is asked for
    from vega.core import Application


@final
class Attempts:
    """Calls job functions with their arguments.

    Args:
        queue: is current while a job runs, so that a job can enqueue others.
        application: when given, each call runs inside `application.activate()`, and parameters that its
            container provides are injected; arguments of the payload win. The error of a use of the attempt's scope
            after its end names the job.
    """

    def __init__(self, queue: JobQueue, application: Application | None) -> None:
        self._queue, self._application = queue, application
        self._bound: dict[Callable[..., Any], Callable[..., Any]] = {}

    async def __call__(self, function: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        """Run the function once, and return what it returns."""
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
    """Say in words which job a scope was opened for, and where it is."""
    return f"the job {function.__name__} ({line_of(function)})"
