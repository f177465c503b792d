"""The worker: claims jobs as slots become free, runs them, retries with backoff, and stops gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast, final

import arq.worker
from redis.exceptions import RedisError

from vega.errors import ErrorKind

from ._attempt import Attempts
from ._claims import Claim, Claims
from ._codec import dumps, loads
from ._errors import JobPayloadError, JobsError, UnknownJobError, WorkerError
from ._functions import as_arq, jobs_of
from ._job import JobDefinition, definition_of
from ._keys import DEFAULT_QUEUE, check_queue_name, now_ms, queue_key
from ._queue import JobQueue, get_job_queue

if TYPE_CHECKING:  # importing vega.core would load the application
    from vega.core import Application

_logger = logging.getLogger("vega.jobs")
_RECONNECT = 1.0


@final
class Worker(arq.worker.Worker):
    """Runs the jobs of some queues concurrently in an event loop; must be created inside the running loop.

    A job holds a lease while running: if the worker is killed the lease expires, and another worker runs the job again.
    So a job runs at least once, and exactly once unless workers are killed.

    Args:
        queues: names of queues; earlier queues take precedence.
        application: if set, each attempt is a unit of work of the application, its container injects parameters
            missing in the payload, and its discovered jobs are known. Otherwise all jobs of this process are known.
        queue: the connection; the current queue when None.
        concurrency: jobs at a time, 1 or more.
        job_timeout: seconds per attempt, unless the job defines its own.
        keep_result: seconds to keep results; 0 keeps none.
        lease: seconds until jobs of a killed worker are run again; renewed after a third of the time.
        poll_delay: seconds between polls of empty queues.
        grace: seconds for running jobs to finish when the worker stops; unfinished jobs are put back, and the
            attempt does not count.

    Raises:
        WorkerError: no event loop is running, no job is known, or a number is out of range.
        NoJobQueueError: `queue` is None and no queue is current.
    """

    def __init__(
        self,
        queues: Sequence[str] = (DEFAULT_QUEUE,),
        *,
        application: Application | None = None,
        queue: JobQueue | None = None,
        concurrency: int = 10,
        job_timeout: float = 300.0,
        keep_result: float = 3600.0,
        lease: float = 15.0,
        poll_delay: float = 0.1,
        grace: float = 30.0,
    ) -> None:
        _check(queues, concurrency, job_timeout, lease, poll_delay)
        self.queues: tuple[str, ...] = tuple(map(check_queue_name, queues))
        connection = queue or get_job_queue()
        self._jobs = jobs_of(application)
        super().__init__(
            [as_arq(name, job, definition_of(job)) for name, job in self._jobs.items()],
            queue_name=queue_key(self.queues[0]),
            redis_pool=connection.redis,
            handle_signals=False,
            max_jobs=concurrency,
            job_timeout=job_timeout,
            keep_result=keep_result,
            poll_delay=poll_delay,
            job_serializer=dumps,
            job_deserializer=loads,
        )
        self._lease, self._grace, self._keep_ms = lease, grace, int(keep_result * 1000)
        self._held: dict[str, Claim] = {}
        self._claims, self._attempts = Claims(connection, lease), Attempts(connection, application)
        self._stop, self._wake = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:  # type: ignore[override]  # arq's run() starts a loop; this method is async
        """Work until `stop` is called or SIGTERM or SIGINT arrives; a second signal cancels the running jobs."""
        self.burst = False
        with self._signals():
            await self.main()

    async def run_until_empty(self) -> int:
        """Work until the queues are empty, including retries and deferred jobs.

        Returns:
            The number of completed jobs.
        """
        self.burst: bool = True
        before = self._completed
        await self.main()
        return self._completed - before

    @property
    def _completed(self) -> int:
        return int(self.jobs_complete)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - untyped in arq

    def stop(self) -> None:
        """Claim no more jobs; `run` returns when running jobs are done, or after `grace` seconds."""
        self._stop.set()
        self._wake.set()

    async def main(self) -> None:
        """Claim and run jobs until stopped."""
        heart = asyncio.create_task(self._beat())
        try:
            while not self._stop.is_set():
                self._wake.clear()
                await self._look()
                if self.burst and not self.tasks and await self._is_empty():
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.poll_delay_s):
                        await self._wake.wait()
            if self.tasks:
                await asyncio.wait(self.tasks.values(), timeout=self._grace)
        finally:
            await self.close()
            heart.cancel()
            await asyncio.wait([heart])

    async def _look(self) -> None:
        """Poll for jobs; wait for an unavailable server, unless the worker only empties queues."""
        try:
            await self._poll_iteration()
        except (RedisError, OSError) as error:
            if self.burst:
                raise
            _logger.warning("the job queue does not answer (%s); trying again", type(error).__name__)
            await asyncio.sleep(_RECONNECT)

    async def _poll_iteration(self) -> None:
        """Fill the free slots, by order of the queues."""
        for queue in self.queues:
            free = self.max_jobs - len(self.tasks)
            if free > 0:
                claims = await self._claims.take(queue, free)
                self._held.update({claim.id: claim for claim in claims})
                await self.start_jobs([claim.id.encode() for claim in claims])

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start a task for each claimed job."""
        for job_id in map(bytes.decode, job_ids):
            task = asyncio.create_task(self.run_job(job_id, self._held[job_id].score), name=f"job {job_id}")
            self.tasks[job_id] = task
            task.add_done_callback(partial(self._ended, job_id))

    async def run_job(self, job_id: str, score: int) -> None:
        """Run an attempt of a claimed job and record the outcome."""
        claim = self._held[job_id]
        try:
            definition, arguments = self._read(claim)
        except JobsError as error:
            await self._bury(claim, error)
            return
        try:
            async with asyncio.timeout(definition.timeout or self.job_timeout_s):
                result = await self._attempts(self._jobs[definition.name], arguments)
        except asyncio.CancelledError:
            self.jobs_retried += 1
            await asyncio.shield(self._claims.postpone(claim, 0.0, counts=False))
            raise
        except Exception as error:  # noqa: BLE001 - any error is recorded, for the retry or the dead letters
            await self._failed(claim, definition, error)
        else:
            self.jobs_complete += 1
            await asyncio.shield(self._claims.succeed(claim, result, self._keep_ms))
            _logger.info("%s %s done in %d ms", definition.name, claim.id, now_ms() - claim.started)

    async def heart_beat(self) -> None:
        """Renew the leases of running jobs; cancel jobs with a lost lease, since another worker runs them."""
        for claim in await self._claims.renew(list(self._held.values())):
            task = self.tasks.get(claim.id)
            if task is not None and self._held.get(claim.id) is claim:
                _logger.warning("the lease of %s was lost", claim.id)
                task.cancel()

    async def close(self) -> None:
        """Cancel running jobs and put them back; the connection belongs to the queue and stays open."""
        running = list(self.tasks.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def handle_sig(self, signum: signal.Signals) -> None:
        """Stop; at the second signal, cancel the running jobs as well."""
        if self._stop.is_set():
            for task in self.tasks.values():
                task.cancel()
        self.stop()

    handle_sig_wait_for_completion = handle_sig

    def _read(self, claim: Claim) -> tuple[JobDefinition, dict[str, Any]]:
        if claim.payload is None:
            raise JobPayloadError("the payload has expired", claim.id, "run workers, or enqueue again")
        claim.call = loads(claim.payload)
        name, arguments = claim.call.get("f"), claim.call.get("k")
        if not isinstance(name, str) or not isinstance(arguments, dict) or claim.call.get("a"):
            raise JobPayloadError("the payload is not a call by name", claim.id, "pass the arguments by keyword")
        if name not in self._jobs:
            raise UnknownJobError(f"no job is called {name!r}", claim.id, "import the module that defines it")
        return definition_of(self._jobs[name]), cast("dict[str, Any]", arguments)

    async def _failed(self, claim: Claim, definition: JobDefinition, error: Exception) -> None:
        if claim.attempt > definition.retry:
            await self._bury(claim, error)
            return
        delay = definition.backoff.delay(claim.attempt)
        self.jobs_retried += 1
        kind = str(ErrorKind.of(error))
        words = definition.name, claim.id, type(error).__name__, kind, delay
        _logger.warning("%s %s: %s (%s); again in %.1f s", *words)
        await asyncio.shield(self._claims.postpone(claim, delay))

    async def _bury(self, claim: Claim, error: Exception) -> None:
        self.jobs_failed += 1
        name = claim.call.get("f", "<unknown>")
        _logger.error("%s %s failed for good", name, claim.id, exc_info=error)
        await asyncio.shield(self._claims.fail(claim, error, self._keep_ms))

    def _ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        self.tasks.pop(job_id, None)
        self._held.pop(job_id, None)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("job %s was not recorded; it runs again when its lease ends", job_id, exc_info=error)

    async def _is_empty(self) -> bool:
        sizes = [await self.pool.zcard(queue_key(queue)) for queue in self.queues]
        return not any(sizes)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            try:
                await self.heart_beat()
            except (RedisError, OSError) as error:
                _logger.warning("leases were not renewed: %s", type(error).__name__)

    @contextmanager
    def _signals(self) -> Generator[None]:
        """Stop on SIGTERM and SIGINT; signal handlers require the main thread."""
        loop, signums = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        for signum in signums:
            loop.add_signal_handler(signum, self.handle_sig, signum)
        try:
            yield
        finally:
            for signum in signums:
                loop.remove_signal_handler(signum)


def _check(queues: Sequence[str], concurrency: int, job_timeout: float, lease: float, poll_delay: float) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError as error:
        raise WorkerError(
            "no event loop is running", "Worker", "create the worker inside the loop: asyncio.run(main())"
        ) from error
    if isinstance(queues, str) or not queues:
        raise WorkerError(f"queues={queues!r} is not a list of names", "Worker", 'write queues=["emails"]')
    if concurrency < 1 or min(job_timeout, lease, poll_delay) <= 0:
        raise WorkerError(
            "a number is out of range",
            "Worker",
            "keep concurrency >= 1; job_timeout, lease and poll_delay > 0 (seconds)",
        )
