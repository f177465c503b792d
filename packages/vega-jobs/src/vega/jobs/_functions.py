"""The jobs that a worker knows, as arq wants to have them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import arq.worker

from ._errors import WorkerError
from ._job import JobDefinition, known_jobs

if TYPE_CHECKING:  # vega.core loads the application when it is asked for
    from vega.core import Application


def jobs_of(application: Application | None) -> dict[str, Callable[..., Awaitable[Any]]]:
    """Return the jobs of the modules that an application discovered, or of this process, by name.

    Raises:
        WorkerError: there is none.
    """
    found = application.found if application is not None else None
    jobs = known_jobs(found.all_modules() if found is not None else None)
    if not jobs:
        raise WorkerError(
            "there is no background job to run",
            "Worker",
            "decorate an async function with @background_job, in a module that is imported or discovered",
        )
    return jobs


def as_arq(name: str, job: Callable[..., Awaitable[Any]], definition: JobDefinition) -> arq.worker.Function:
    """Return a job as arq knows it, for its tables, messages and health record."""

    async def run(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
        return await job(*args, **kwargs)

    return arq.worker.func(run, name=name, max_tries=definition.retry + 1, timeout=definition.timeout)
