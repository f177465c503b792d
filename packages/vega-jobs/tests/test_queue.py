"""The queue: the current one of a context, handles of jobs, and a server that goes away."""

import asyncio
from contextvars import copy_context
from typing import Any

import pytest

from vega.jobs import (
    InvalidJobQueueError,
    JobFailedError,
    JobQueue,
    NoJobQueueError,
    QueueUnavailableError,
    background_job,
    embedded_server,
    get_job_queue,
    set_job_queue,
    use_job_queue,
)


@background_job(name="queue.any")
async def anything(key: str, **further: str) -> str:
    return key


def test_the_process_has_a_default_that_a_context_hides() -> None:
    marker, other = object.__new__(JobQueue), object.__new__(JobQueue)
    set_job_queue(marker, process=True)
    try:
        with use_job_queue(other):
            inside = get_job_queue()
        outside = get_job_queue()
    finally:
        set_job_queue(None, process=True)

    assert (inside, outside) == (other, marker)
    with pytest.raises(NoJobQueueError):
        get_job_queue()


def test_a_job_is_shown_by_its_id_and_queue_and_its_end_is_told() -> None:
    async def main() -> tuple[str, str]:
        async with embedded_server() as server, JobQueue.connect(server.url) as queue:
            handle = await queue.enqueue(anything, key="1")
            shown = repr(handle)
            with pytest.raises(TimeoutError):
                await handle.result(timeout=0.1)
            await queue.redis.flushall()
            with pytest.raises(JobFailedError, match="no longer known"):
                await handle.result(timeout=5)
            return shown, handle.id

    shown, identifier = asyncio.run(main())
    assert shown == f"JobHandle({identifier!r}, queue='default')"


def test_a_server_that_goes_away_is_told_to_who_enqueues() -> None:
    async def main() -> None:
        async with embedded_server() as server, JobQueue.connect(server.url) as queue:
            await asyncio.to_thread(server.stop)
            with pytest.raises(QueueUnavailableError, match="was not enqueued"):
                await queue.enqueue(anything, key="1")

    asyncio.run(main())


def test_a_queue_of_another_kind_is_refused() -> None:
    queue: Any = asyncio.Queue[str]()

    with pytest.raises(InvalidJobQueueError, match="is not a JobQueue"):
        use_job_queue(queue)
    with pytest.raises(InvalidJobQueueError, match="is not a JobQueue"):
        set_job_queue(queue)


def test_a_context_can_have_a_queue_of_its_own() -> None:
    mine = object.__new__(JobQueue)

    def inside() -> object:
        set_job_queue(mine)
        return get_job_queue()

    assert copy_context().run(inside) is mine
    with pytest.raises(NoJobQueueError):
        get_job_queue()
