"""A job queue that keeps what is enqueued, for tests without a server; needs the extra `jobs`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast, final

from vega.jobs import JobQueue, bound_arguments, definition_of, job_named, use_job_queue


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuedJob:
    """One job that was enqueued.

    Args:
        name: the job's name.
        queue: the queue it would wait in.
        arguments: by parameter name.
    """

    name: str
    queue: str
    arguments: dict[str, Any]


@final
@dataclass(slots=True)
class FakeJobQueue:
    """Takes jobs as the real queue does, refuses what that refuses, and runs none.

    Attributes:
        enqueued: what was enqueued, oldest first.
    """

    enqueued: list[EnqueuedJob] = field(default_factory=list[EnqueuedJob])

    async def put(self, job: Callable[..., Awaitable[Any]] | str, /, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Keep a job.

        Raises:
            UnknownJobError, JobPayloadError: as `JobQueue.enqueue`.
        """
        function = job_named(job) if isinstance(job, str) else job
        definition = definition_of(function)
        kept = EnqueuedJob(
            name=definition.name, queue=definition.queue, arguments=bound_arguments(function, args, kwargs)
        )
        self.enqueued.append(kept)
        return kept

    def assert_enqueued(self, job: Callable[..., Awaitable[Any]], /, **arguments: Any) -> None:
        """Fail unless a job was enqueued, with these arguments among its own.

        Raises:
            AssertionError: it lists what was enqueued.
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
    """Make a `FakeJobQueue` the current queue inside the block, also in the applications that run there."""
    fake = FakeJobQueue()
    with use_job_queue(cast("JobQueue", fake)):  # it has the part of a queue that enqueuing uses
        yield fake
