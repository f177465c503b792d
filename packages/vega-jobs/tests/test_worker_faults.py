"""Faults around a running job: of its server, its lease and its signals."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import RedisError

from vega.jobs import JobQueue, Worker, WorkerError, embedded_server
from vega.jobs._functions import jobs_of

from . import jobs_for_tests as jobs


@pytest.fixture(autouse=True)
def _forget(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.WARNING, "vega.jobs")
    jobs.done.clear()
    jobs.started, jobs.release = asyncio.Event(), asyncio.Event()
    yield
    jobs.done.clear()


async def told(caplog: pytest.LogCaptureFixture, words: str) -> None:
    """Return when a message has been logged."""
    async with asyncio.timeout(30):
        while words not in caplog.text:  # noqa: ASYNC110 - a log sets no event
            await asyncio.sleep(0.01)


def test_a_worker_outlives_its_server_and_says_what_was_not_recorded(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with embedded_server() as server, JobQueue.connect(server.url) as queue:
            await queue.enqueue(jobs.wait_for_release, key="a")
            worker = Worker(lease=0.3)
            running = asyncio.create_task(worker.run())
            await jobs.started.wait()
            server.stop()
            await told(caplog, "leases were not renewed")
            await told(caplog, "the job queue does not answer")
            jobs.release.set()
            await told(caplog, "it runs again when its lease ends")
            assert not running.done()
            worker.stop()
            await running

    asyncio.run(main())

    assert jobs.done == [("started", "a"), ("finished", "a")]


def test_emptying_the_queues_of_a_server_that_is_away_is_an_error() -> None:
    async def main() -> None:
        async with embedded_server() as server, JobQueue.connect(server.url):
            worker = Worker()
            server.stop()
            with pytest.raises((RedisError, OSError)):
                await worker.run_until_empty()

    asyncio.run(main())


def test_a_job_whose_lease_was_lost_is_ended(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> str:
        async with JobQueue.connect(redis_url) as queue:
            handle = await queue.enqueue(jobs.wait_for_release, key="a")
            worker = Worker(lease=0.3)
            running = asyncio.create_task(worker.run())
            await jobs.started.wait()
            await queue.redis.set(f"arq:in-progress:{handle.id}", b"another worker")
            await told(caplog, f"the lease of {handle.id} was lost")
            worker.stop()
            await running
            return await handle.status()

    assert asyncio.run(main()) == "running"
    assert jobs.done == [("started", "a")]


def test_the_second_signal_ends_what_runs(redis_url: str) -> None:
    async def main() -> str:
        async with JobQueue.connect(redis_url) as queue:
            handle = await queue.enqueue(jobs.wait_for_release, key="a")
            running = asyncio.create_task(Worker(grace=60).run())
            await jobs.started.wait()
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait([running], timeout=0.2)
            assert not running.done()
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(running, 30)
            return await handle.status()

    assert asyncio.run(main()) == "queued"


def test_a_worker_in_a_thread_leaves_the_signals_alone(redis_url: str) -> None:
    async def main() -> None:
        async with JobQueue.connect(redis_url) as queue:
            await queue.enqueue(jobs.remember, value=1)
            worker = Worker()
            running = asyncio.create_task(worker.run())
            while not jobs.done:  # noqa: ASYNC110 - the job sets no event
                await asyncio.sleep(0.01)
            worker.stop()
            await running

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    thread.join(30)

    assert not thread.is_alive()
    assert jobs.done == [1]
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_application_without_jobs_has_nothing_to_work() -> None:
    nothing: Any = SimpleNamespace(found=SimpleNamespace(all_modules=lambda: ()))

    with pytest.raises(WorkerError, match="no background job"):
        jobs_of(nothing)
