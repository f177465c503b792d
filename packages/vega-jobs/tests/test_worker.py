"""The worker, on a real server."""

import asyncio
import inspect
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import arq.worker
import pytest
from arq.connections import RedisSettings, create_pool

from vega.jobs import JobFailedError, JobQueue, QueueUnavailableError, Worker, WorkerError
from vega.jobs._codec import dumps, loads

from . import jobs_for_tests as jobs


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    jobs.done.clear()
    jobs.started, jobs.release = asyncio.Event(), asyncio.Event()
    yield
    jobs.done.clear()


def on(redis_url: str, steps: Callable[[JobQueue], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(30), JobQueue.connect(redis_url) as queue:
            return await steps(queue)

    return asyncio.run(main())


def test_a_result_comes_back_with_its_type(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await queue.enqueue(jobs.price, __import__("decimal").Decimal("1.10"))
        before = await handle.status()
        await Worker().run_until_empty()
        return before, await handle.status(), await handle.result(timeout=1)

    before, after, result = on(redis_url, steps)
    assert (before, after, str(result)) == ("queued", "done", "2.20")


def test_a_failing_job_is_tried_once_and_then_as_often_as_it_asks(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await JobQueue.enqueue(jobs.fail, times=9)
        completed = await Worker(["emails"]).run_until_empty()
        with pytest.raises(JobFailedError, match="ConnectionError: away"):
            await handle.result(timeout=1)
        return completed, handle.id, await queue.dead_letters("emails")

    completed, job_id, dead = on(redis_url, steps)
    assert (completed, jobs.done) == (0, ["attempt"] * 3)
    assert dead[job_id]["attempts"] == 3
    assert dead[job_id]["error"]["type"] == "builtins.ConnectionError"
    assert "in fail" in dead[job_id]["error"]["traceback"]


def test_a_retry_that_succeeds_leaves_no_trace_of_the_failures(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await JobQueue.enqueue(jobs.fail, times=2)
        completed = await Worker(["emails"]).run_until_empty()
        left = {key.decode() for key in await queue.redis.keys("*")}
        return completed, await handle.result(timeout=1), left, f"arq:result:{handle.id}"

    completed, result, left, kept = on(redis_url, steps)
    assert (completed, result, left) == (1, "at last", {kept})


def test_too_long_is_a_failure(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await JobQueue.enqueue(jobs.sleep_for_ever)
        await Worker().run_until_empty()
        return (await queue.dead_letters())[handle.id]["error"]["type"]

    assert on(redis_url, steps) == "builtins.TimeoutError"


def test_a_job_can_enqueue_jobs_and_the_queue_is_emptied_of_them_too(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        await queue.enqueue(jobs.chain, times=3)
        return await Worker().run_until_empty()

    assert on(redis_url, steps) == 4
    assert jobs.done == [3, 2, 1, 0]


def test_slots_are_filled_again_as_they_get_free(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        for number in range(300):
            await queue.enqueue(jobs.remember, value=number)
        async with asyncio.timeout(5):
            return await Worker(concurrency=3, poll_delay=1.0).run_until_empty()

    assert on(redis_url, steps) == 300
    assert sorted(jobs.done) == list(range(300))  # type: ignore[type-var]  # they are the numbers enqueued


def test_earlier_queues_come_first(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        await queue.enqueue(jobs.remember, value="default")
        await queue.enqueue(jobs.fail, times=0)
        await Worker(["emails", "default"], concurrency=1).run_until_empty()

    on(redis_url, steps)
    assert jobs.done == ["attempt", "default"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (pickle.dumps({"f": os.abort}), "not JSON"),
        (b'{"v": 7}', "schema 7"),
        (dumps({"f": "gone:gone", "a": (), "k": {}}), "gone:gone"),
        (dumps({"f": 3, "a": (), "k": {}}), "not a call by name"),
        (dumps({"f": "tests.unstorable", "a": (1,), "k": {}}), "not a call by name"),
        (None, "expired"),
    ],
)
def test_a_payload_that_cannot_be_run_becomes_a_dead_letter_and_its_neighbour_runs(
    redis_url: str, payload: bytes | None, reason: str
) -> None:
    async def steps(queue: JobQueue) -> Any:
        if payload is not None:
            await queue.redis.set("arq:job:bad", payload)
        await queue.redis.zadd("arq:queue", {"bad": 1})
        await queue.enqueue(jobs.remember, value="neighbour")
        await Worker().run_until_empty()
        return await queue.dead_letters()

    dead = on(redis_url, steps)
    assert reason in dead["bad"]["error"]["message"]
    assert jobs.done == ["neighbour"]


def test_a_result_that_cannot_be_stored_is_said_and_the_job_is_not_run_again(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await queue.enqueue(jobs.return_what_json_cannot_hold)
        await Worker().run_until_empty()
        with pytest.raises(JobFailedError, match="cannot carry"):
            await handle.result(timeout=1)

    on(redis_url, steps)
    assert jobs.done == ["ran"]


def test_a_stopped_worker_puts_back_what_still_runs_without_counting_the_attempt(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await queue.enqueue(jobs.wait_for_release, key="a")
        worker = Worker(grace=0.05)
        running = asyncio.create_task(worker.run())
        await jobs.started.wait()
        worker.stop()
        await running
        status, tries = await handle.status(), await queue.redis.get(f"arq:retry:{handle.id}")
        jobs.release.set()
        await Worker().run_until_empty()
        return status, tries

    assert on(redis_url, steps) == ("queued", b"0")
    assert jobs.done == [("started", "a"), ("started", "a"), ("finished", "a")]


def test_a_stopped_worker_lets_jobs_finish_within_the_grace(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        await queue.enqueue(jobs.wait_for_release, key="a")
        worker = Worker(grace=20)
        running = asyncio.create_task(worker.run())
        await jobs.started.wait()
        worker.stop()
        await queue.enqueue(jobs.remember, value="too late for this worker")
        jobs.release.set()
        await running
        return await queue.size()

    assert on(redis_url, steps) == 1
    assert jobs.done == [("started", "a"), ("finished", "a")]


def test_a_lease_is_renewed_while_the_job_runs_so_no_other_worker_takes_it(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await queue.enqueue(jobs.wait_for_release, key="a")
        first = asyncio.create_task(Worker(lease=0.3).run_until_empty())
        await jobs.started.wait()
        second = asyncio.create_task(Worker(lease=0.3).run_until_empty())
        for _ in range(10):
            await asyncio.wait([second], timeout=0.1)
            assert await queue.redis.pttl(f"arq:in-progress:{handle.id}") > 0
        jobs.release.set()
        return await first + await second

    assert on(redis_url, steps) == 1
    assert jobs.done == [("started", "a"), ("finished", "a")]


def test_a_worker_that_lost_its_lease_records_nothing(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        handle = await queue.enqueue(jobs.wait_for_release, key="a")
        first = asyncio.create_task(Worker(lease=60).run_until_empty())
        await jobs.started.wait()
        await queue.redis.set(f"arq:in-progress:{handle.id}", b"another worker")
        jobs.release.set()
        await asyncio.wait([first], timeout=0.5)
        status, size = await handle.status(), await queue.size()
        await queue.redis.delete(f"arq:in-progress:{handle.id}")
        await first
        return status, size, await handle.status()

    assert on(redis_url, steps) == ("running", 1, "done")


KILLED = """
import asyncio, sys
from vega.jobs import JobQueue, Worker
sys.path.insert(0, sys.argv[2])
import killed_job
async def main():
    async with JobQueue.connect(sys.argv[1]):
        await Worker(lease=1.0).run_until_empty()
asyncio.run(main())
"""
KILLED_JOB = """
import asyncio
from vega.jobs import background_job
@background_job(name="tests.killed", retry=1)
async def killed(first: bool):
    print("started", flush=True)
    await asyncio.Event().wait()
"""


@pytest.mark.once
def test_the_job_of_a_killed_worker_is_due_again_when_its_lease_ends(redis_url: str, tmp_path: Any) -> None:
    (tmp_path / "killed_job.py").write_text(KILLED_JOB)
    payload = dumps({"t": None, "f": "tests.killed", "a": (), "k": {"first": True}, "et": 1})

    async def put(queue: JobQueue) -> None:
        await queue.redis.set("arq:job:k", payload)
        await queue.redis.zadd("arq:queue", {"k": 1})

    async def wait_for_the_lease(queue: JobQueue) -> float:
        start = asyncio.get_running_loop().time()
        while await queue.redis.exists("arq:in-progress:k"):
            await asyncio.wait([asyncio.create_task(asyncio.sleep(0.02))])
        assert await queue.redis.zscore("arq:queue", "k") == 1
        return asyncio.get_running_loop().time() - start

    on(redis_url, put)
    command = [sys.executable, "-c", KILLED, redis_url, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "started\n"
        worker.send_signal(signal.SIGKILL)

    assert on(redis_url, wait_for_the_lease) < 2.0


def test_a_stock_arq_client_with_our_serializer_can_enqueue(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        stock = await create_pool(RedisSettings.from_dsn(redis_url), job_serializer=dumps, job_deserializer=loads)
        job = await stock.enqueue_job(f"{jobs.__name__}:remember", value="from arq")
        await Worker().run_until_empty()
        assert job is not None
        result = await job.result(timeout=1)
        await stock.aclose(close_connection_pool=True)
        return result

    assert on(redis_url, steps) == "from arq"


def test_even_the_bare_connection_writes_no_pickle(redis_url: str) -> None:
    async def steps(queue: JobQueue) -> Any:
        await queue.redis.enqueue_job(f"{jobs.__name__}:remember", value=1)
        (key,) = await queue.redis.keys("arq:job:*")
        return await queue.redis.get(key)

    assert on(redis_url, steps).startswith(b'{"v":1')


@pytest.mark.parametrize(
    "name",
    ["main", "_poll_iteration", "start_jobs", "run_job", "heart_beat", "close", "handle_sig"],
)
def test_what_we_override_of_arq_is_still_there_with_the_same_parameters(name: str) -> None:
    ours, stock = getattr(Worker, name), getattr(arq.worker.Worker, name)

    assert list(inspect.signature(ours).parameters) == list(inspect.signature(stock).parameters)
    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(stock)


@pytest.mark.parametrize(
    "options",
    [{"queues": "emails"}, {"queues": []}, {"concurrency": 0}, {"lease": 0}, {"job_timeout": -1}, {"poll_delay": 0}],
)
def test_a_worker_with_wrong_numbers_is_refused(redis_url: str, options: dict[str, Any]) -> None:
    async def steps(queue: JobQueue) -> None:
        with pytest.raises(WorkerError):
            Worker(**options)

    on(redis_url, steps)


def test_a_worker_needs_a_running_loop() -> None:
    with pytest.raises(WorkerError, match=r"asyncio\.run"):
        Worker()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://x", "not an address"),
        ("redis://u:secret@127.0.0.1:1/0", "no server answers"),
        ("redis://h/x", "not an address"),
    ],
)
def test_an_address_that_leads_nowhere_is_an_error_that_hides_the_password(address: str, shown: str) -> None:
    with pytest.raises(QueueUnavailableError, match=shown) as caught:
        asyncio.run(JobQueue.open(address, attempts=1))

    assert "secret" not in str(caught.value)
