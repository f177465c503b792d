"""What goes wrong around a running job: its server, its lease, its signals; and servers that will not end."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import RedisError

from vega.jobs import JobQueue, NoJobQueueError, Worker, WorkerError, embedded_server, get_job_queue, set_job_queue
from vega.jobs._functions import jobs_of
from vega.jobs._plugin import JobsPlugin

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


def test_a_plugin_without_a_server_names_the_variable() -> None:
    with pytest.raises(NoJobQueueError, match="REDIS_URL"):
        JobsPlugin()._connected()


def test_a_context_can_have_a_queue_of_its_own() -> None:
    mine: Any = object()

    def inside() -> object:
        set_job_queue(mine)
        return get_job_queue()

    assert copy_context().run(inside) is mine
    with pytest.raises(NoJobQueueError):
        get_job_queue()


def test_a_server_that_does_not_stop_is_killed() -> None:
    server = embedded_server(stop_timeout=0.2)
    with server:
        process: Any = server._process
        process.send_signal(signal.SIGSTOP)

    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("started", [True, False])
def test_who_is_cancelled_while_a_server_starts_leaves_none_behind(
    monkeypatch: pytest.MonkeyPatch, started: bool
) -> None:
    gate, server = threading.Event(), embedded_server()
    start = server.start

    def slowly() -> None:
        gate.wait(30)
        if started:
            start()
        else:
            monkeypatch.setattr("vega.jobs._embedded._PROGRAMS", ())
            monkeypatch.setattr("vega.jobs._embedded.find_spec", lambda name: None)
            start()

    stopped: list[bool] = []
    stop = server.stop
    monkeypatch.setattr(type(server), "start", lambda self: slowly())
    monkeypatch.setattr(type(server), "stop", lambda self: (stopped.append(self._process is not None), stop())[1])

    async def main() -> None:
        entering = asyncio.create_task(server.__aenter__())
        await asyncio.sleep(0.01)
        entering.cancel()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await entering

    asyncio.run(main())

    assert stopped == [started]
    assert server._process is None
