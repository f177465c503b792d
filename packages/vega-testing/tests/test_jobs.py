"""The fake queue of jobs."""

import asyncio

import pytest

from vega.jobs import (
    JobFailedError,
    JobHandle,
    JobPayloadError,
    JobQueue,
    NoJobQueueError,
    UnknownJobError,
    background_job,
    get_job_queue,
)
from vega.testing import EnqueuedJob, FakeJobQueue, fake_jobs


@background_job(queue="mail", name="testing.send")
async def send(to: str, copies: int = 1) -> None: ...


def test_the_fake_queue_keeps_what_is_enqueued_and_refuses_what_the_real_one_does() -> None:
    async def main() -> None:
        await JobQueue.enqueue(send, to="ada", copies=2)
        await JobQueue.enqueue("testing.send", to="bob")
        with pytest.raises(JobPayloadError):
            await JobQueue.enqueue(send)
        with pytest.raises(UnknownJobError):
            await JobQueue.enqueue("testing.nothing")

    with fake_jobs() as jobs:
        asyncio.run(main())

    jobs.assert_enqueued(send, to="ada")
    jobs.assert_enqueued(send, to="bob")
    assert [each.queue for each in jobs.enqueued] == ["mail", "mail"]
    with pytest.raises(AssertionError, match="carl"):
        jobs.assert_enqueued(send, to="carl")
    with pytest.raises(AssertionError):
        jobs.assert_nothing_enqueued()
    with pytest.raises(NoJobQueueError):
        get_job_queue()


def test_the_fake_queue_is_a_job_queue_whose_jobs_wait() -> None:
    async def main() -> tuple[JobHandle, list[object]]:
        queue = get_job_queue()
        handle = await queue.enqueue(send, to="ada")
        with pytest.raises(JobFailedError, match="runs no jobs"):
            await handle.result()
        answers = [
            await handle.status(),
            await queue.size("mail"),
            await queue.size(),
            await queue.dead_letters("mail"),
        ]
        await queue.aclose()
        return handle, answers

    with fake_jobs() as jobs:
        handle, answers = asyncio.run(main())

    assert isinstance(jobs, JobQueue)
    assert answers == ["queued", 1, 0, {}]
    assert (handle.queue, [each.id for each in jobs.enqueued]) == ("mail", [handle.id])
    assert jobs.enqueued == [EnqueuedJob(name="testing.send", queue="mail", arguments={"to": "ada"})]
    assert repr(jobs.enqueued[0]) == "EnqueuedJob(name='testing.send', queue='mail', arguments={'to': 'ada'})"
    assert FakeJobQueue() == FakeJobQueue() != jobs
