"""A job queue that records enqueued jobs, for tests without a server; requires the extra `jobs`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, final

from vega.jobs import JobFailedError, JobHandle, JobQueue, bound_arguments, definition_of, job_named, use_job_queue
from vega.patterns import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuedJob(JobHandle):
    """An enqueued job and its handle.

    Args:
        name: the job's name.
        queue: the queue of the job.
        arguments: by parameter name.
        id: the job's identifier.
    """

    name: str
    queue: str
    arguments: dict[str, Any]
    id: str = field(default_factory=lambda: new_id().hex, compare=False, repr=False)

    async def status(self) -> Literal["queued"]:
        """Return `queued`: a recorded job never runs."""
        return "queued"

    async def result(self, timeout: float | None = None) -> NoReturn:  # noqa: ASYNC109 - the parameter of JobHandle.result
        """Raise at once instead of waiting for a job that never runs.

        Raises:
            JobFailedError: always.
        """
        raise JobFailedError("a FakeJobQueue runs no jobs", self.id, f"test {self.name} by calling its function")


@final
@dataclass(slots=True)
class FakeJobQueue(JobQueue):
    """A job queue without a server: validates jobs like the real queue, records them, and runs none.

    Attributes:
        enqueued: the recorded jobs, oldest first.
    """

    enqueued: list[EnqueuedJob] = field(default_factory=list[EnqueuedJob])

    async def put(self, job: Callable[..., Awaitable[Any]] | str, /, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Record a job.

        Raises:
            UnknownJobError, JobPayloadError: as `JobQueue.enqueue`.
        """
        function = job_named(job) if isinstance(job, str) else job
        definition = definition_of(function)
        job_handle = EnqueuedJob(
            name=definition.name, queue=definition.queue, arguments=bound_arguments(function, args, kwargs)
        )
        self.enqueued.append(job_handle)
        return job_handle

    async def size(self, queue: str = "default") -> int:
        """Return the number of enqueued jobs of a queue."""
        return sum(kept.queue == queue for kept in self.enqueued)

    async def dead_letters(self, queue: str = "default") -> dict[str, dict[str, Any]]:
        """Return an empty dict: no job runs, so no job fails."""
        return {}

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""

    def assert_enqueued(self, job: Callable[..., Awaitable[Any]], /, **arguments: Any) -> None:
        """Fail unless a job was enqueued with at least these arguments.

        Raises:
            AssertionError: the job was not enqueued; the message lists the enqueued jobs.
        """
        name = definition_of(job).name
        for kept in self.enqueued:
            if kept.name == name and arguments.items() <= kept.arguments.items():
                return
        raise AssertionError(f"{name} was not enqueued with {arguments}; enqueued: {self.enqueued or 'nothing'}")

    def assert_nothing_enqueued(self) -> None:
        """Fail if any job was enqueued."""
        assert not self.enqueued, f"enqueued: {self.enqueued}"


@contextmanager
def fake_jobs() -> Generator[FakeJobQueue]:
    """Make a `FakeJobQueue` the current queue inside the block, also for applications inside."""
    fake = FakeJobQueue()
    with use_job_queue(fake):
        yield fake
