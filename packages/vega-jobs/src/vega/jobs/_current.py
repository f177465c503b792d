"""Which queue is current: per context, with a default for the process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ._errors import NoJobQueueError

if TYPE_CHECKING:  # _queue imports this module
    from ._queue import JobQueue

_current: ContextVar[JobQueue | None] = ContextVar("vega_job_queue", default=None)


class _ProcessDefault:
    """The queue of those who set none."""

    queue: JobQueue | None = None


_default = _ProcessDefault()


def get_job_queue() -> JobQueue:
    """Return the queue of the calling context, or the default of the process.

    Raises:
        NoJobQueueError: neither was set.
    """
    queue = _current.get() or _default.queue
    if queue is None:
        raise NoJobQueueError(
            "no job queue is current",
            "get_job_queue",
            "use: async with JobQueue.connect(url), or enable the feature jobs and set REDIS_URL",
        )
    return queue


def set_job_queue(queue: JobQueue | None, process: bool = False) -> None:
    """Make a queue the current one.

    Args:
        queue: the queue; None takes away what was set.
        process: False sets it for the calling context (the task or thread, and tasks started from it);
            True sets the default of the whole process, and leaves the calling context as it is.
    """
    if process:
        _default.queue = queue
    else:
        _current.set(queue)


@contextmanager
def use_job_queue(queue: JobQueue | None, *, keep: bool = False) -> Generator[None]:
    """Make a queue the current one of the calling context for the length of a `with` block.

    Args:
        queue: the queue; None takes away what was set.
        keep: leave a queue that was set already, such as a test's.
    """
    before = _current.get()
    _current.set(before if keep and before is not None else queue)
    try:
        yield
    finally:
        _current.set(before)
