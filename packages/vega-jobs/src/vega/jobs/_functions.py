"""The jobs known to a worker, in the form of arq."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import arq.worker

from ._errors import WorkerError
from ._job import JobDefinition, known_jobs

if TYPE_CHECKING:  # importing vega.core would load the application
    from vega.core import Application


def jobs_of(application: Application | None) -> dict[str, Callable[..., Awaitable[Any]]]:
    """Return the jobs in the discovered modules of an application, or of this process, by name.

    Raises:
        WorkerError: there are no jobs.
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
    """Return a job as an arq function, for arq's tables, messages and health record."""

    async def run(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
        return await job(*args, **kwargs)

    return arq.worker.func(run, name=name, max_tries=definition.retry + 1, timeout=definition.timeout)
