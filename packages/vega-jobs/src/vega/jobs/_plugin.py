"""The feature `jobs`: a current queue in every unit of work, and a worker process."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vega.core.extend import AddDependency, EnableFeature, Finding, Operation, Plugin, Process, Project, RunOptions

from ._embedded import answers, find_program
from ._errors import EmbeddedServerError, NoJobQueueError

if TYPE_CHECKING:  # the queue imports arq, which commands such as `vega add` do not need
    from vega.core import Application

    from ._queue import JobQueue

_URL = "REDIS_URL"


class JobsPlugin(Plugin):
    """Connects to the server at REDIS_URL while the application runs; the container provides JobQueue.

    Without REDIS_URL the application starts, and enqueuing a job raises an error that asks for the variable: no worker
    would read the jobs of a private server.
    """

    feature = "jobs"

    def __init__(self) -> None:
        self._queue: JobQueue | None = None

    def configure(self, app: Application) -> None:
        """Register the queue, and make it current in each unit of work."""
        from ._queue import JobQueue, has_own_queue, use_job_queue

        app.container.register_factory(JobQueue, lambda: self._connected())  # noqa: PLW0108 - the annotation of the method cannot be resolved here

        def ambient() -> AbstractContextManager[object]:
            if self._queue is None or has_own_queue():  # a queue set by a test takes precedence
                return nullcontext()
            return use_job_queue(self._queue)

        app.ambient(ambient)

    async def startup(self, app: Application) -> None:
        """Connect, if a server is known."""
        url = os.environ.get(_URL)
        if url:
            from ._queue import JobQueue

            self._queue = await JobQueue.open(url)

    async def shutdown(self, app: Application) -> None:
        """Close the connections."""
        queue, self._queue = self._queue, None
        if queue is not None:
            await queue.aclose()

    def health(self, app: Application) -> Mapping[str, Callable[[], Awaitable[object]]]:
        """Return the question whether the queue answers; none where no REDIS_URL is set, so that no job is enqueued."""
        return {"jobs": self._ping} if os.environ.get(_URL) else {}

    async def _ping(self) -> None:
        ping = cast("Callable[[], Awaitable[object]]", self._connected().redis.ping)  # pyright: ignore[reportUnknownMemberType] # typed in part
        await ping()

    def add(self, project: Project) -> Sequence[Operation]:
        """Return the requirement, with a server to develop and test with, and the feature."""
        return [AddDependency("vega-jobs[embedded]>=0.1,<0.2"), EnableFeature(self.feature)]

    def checks(self, project: Project) -> Sequence[Finding]:
        """Report that neither REDIS_URL nor an embedded server is available."""
        if os.environ.get(_URL):
            return []
        try:
            find_program()
        except EmbeddedServerError as error:
            return [Finding(severity="warning", code="VG706", what=error.what, where=error.where, fix=error.fix)]
        return []

    def processes(self, project: Project, options: RunOptions) -> Sequence[Process]:
        """Return a worker process, and an embedded server to start before it unless REDIS_URL is set."""
        worker = Process(name="jobs", command=_module("work", "--project", str(project.root)), stage=1)
        if os.environ.get(_URL):
            return [worker]
        path = Path(tempfile.gettempdir()) / f"vega-{os.getpid()}-{os.urandom(4).hex()}.sock"
        server = Process(
            name="redis",
            command=_module("serve", "--socket", str(path)),
            shares={_URL: f"unix://{path}"},
            ready=lambda: answers(path),
            stage=0,
        )
        return [server, worker]

    def _connected(self) -> JobQueue:
        if self._queue is None:
            raise NoJobQueueError("the application has no Redis server", _URL, "set REDIS_URL, or start with: vega run")
        return self._queue


def _module(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "vega.jobs", *arguments)
