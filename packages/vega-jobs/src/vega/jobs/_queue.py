"""Puts jobs into Redis, in the layout of arq, and tells what became of them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, cast, final
from uuid import uuid4

from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from . import _keys as keys
from ._arguments import bound_arguments
from ._codec import dumps, loads
from ._current import get_job_queue, use_job_queue
from ._embedded import embedded_server
from ._errors import JobFailedError, QueueUnavailableError
from ._job import definition_of, job_named
from ._scripts import ENQUEUE

JobStatus: TypeAlias = Literal["queued", "deferred", "running", "done", "unknown"]
_EXPIRES = 7 * 86_400_000
_POLL = 0.05


def now_ms() -> int:
    """Return the milliseconds since 1970, as the scores of arq's queues have them."""
    return time.time_ns() // 1_000_000


@final
class JobHandle:
    """One job that was enqueued.

    Attributes:
        id: the job's identifier.
        queue: the name of the queue it waits in.
    """

    __slots__ = ("_redis", "id", "queue")

    def __init__(self, redis: ArqRedis, job_id: str, queue: str) -> None:
        self._redis = redis
        self.id: str = job_id
        self.queue: str = queue

    def __repr__(self) -> str:
        return f"JobHandle({self.id!r}, queue={self.queue!r})"

    async def status(self) -> JobStatus:
        """Return where the job stands; `unknown` once its result is no longer kept."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.exists(keys.RESULT + self.id)
            pipe.exists(keys.IN_PROGRESS + self.id)
            pipe.zscore(keys.queue_key(self.queue), self.id)
            done, running, score = await pipe.execute()
        if done:
            return "done"
        if running:
            return "running"
        if score is None:
            return "unknown"
        return "deferred" if score > now_ms() else "queued"

    async def result(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - the time limit is part of the promise
        """Wait for the job, and return what it returned.

        Args:
            timeout: seconds to wait at most; None waits as long as it takes.

        Raises:
            JobFailedError: it failed for good, or its result is not kept.
            TimeoutError: the time is over.
        """
        async with asyncio.timeout(timeout):
            while (raw := await self._redis.get(keys.RESULT + self.id)) is None:
                if await self.status() == "unknown":
                    raise JobFailedError("the job is not known any more", self.id, "its result was not kept")
                await asyncio.sleep(_POLL)
        outcome = loads(raw)
        if not outcome["s"]:
            error = outcome["r"]
            told = f"{error['type']}: {error['message']}" if isinstance(error, dict) else str(error)
            raise JobFailedError(f"{outcome['f']} failed: {told}", self.id, "see the dead letters of its queue")
        return outcome["r"]


class _Enqueue(Protocol):
    async def __call__(self, job: Callable[..., Awaitable[Any]] | str, /, *args: Any, **kwargs: Any) -> JobHandle: ...


class _OnClassOrInstance:
    """`JobQueue.enqueue(...)` uses the current queue, `queue.enqueue(...)` that one."""

    def __get__(self, queue: JobQueue | None, owner: type[JobQueue]) -> _Enqueue:
        return (queue or get_job_queue()).put


@final
class JobQueue:
    """The queues of one Redis server; each job waits in the one that its decorator names.

    `await JobQueue.enqueue(job, user_id="7")` puts a job into the current queue object of the calling context,
    `await queue.enqueue(job, user_id="7")` into that one; the parameters are the job's own, by name or position.
    A job may be given by its name as well, where its function must not be imported.
    Both return a JobHandle, and raise UnknownJobError when the function is no job, JobPayloadError when the
    arguments are not its own or cannot be stored, and QueueUnavailableError when the server does not answer.

    Args:
        redis: an open connection pool of arq with Vega's serializer; `connect` makes one.
    """

    enqueue: ClassVar[_OnClassOrInstance] = _OnClassOrInstance()

    def __init__(self, redis: ArqRedis) -> None:
        self.redis = redis
        self._script = redis.register_script(ENQUEUE)

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str | None = None) -> AsyncGenerator[JobQueue]:
        """Open a connection, and make it the current queue for the length of an `async with` block.

        Args:
            url: `redis://`, `rediss://` or `unix://`; None takes the environment variable REDIS_URL, and starts
                an embedded server for the block when that is not set.

        Raises:
            QueueUnavailableError: the URL is wrong, or the server does not answer.
            EmbeddedServerError: a server was to be started and cannot be.
        """
        address = url or os.environ.get("REDIS_URL")
        if not address:
            async with embedded_server() as server, cls.connect(server.url) as queue:
                yield queue
            return
        queue = await cls.open(address)
        try:
            with use_job_queue(queue):
                yield queue
        finally:
            await queue.aclose()

    @classmethod
    async def open(cls, url: str, *, attempts: int = 5) -> JobQueue:
        """Return a queue that the caller closes.

        Args:
            url: as in `connect`, not None.
            attempts: how often to try, a second apart.

        Raises:
            QueueUnavailableError: the URL is wrong, or the server does not answer.
        """
        try:
            settings = RedisSettings.from_dsn(url)
            settings.conn_retries = attempts - 1
            redis = await create_pool(settings, job_serializer=dumps, job_deserializer=loads)
        except (RuntimeError, ValueError) as error:
            raise QueueUnavailableError(
                f"{_without_password(url)} is no address of a Redis server: {error}",
                "REDIS_URL",
                "write redis://host:6379/0 or unix:///path/to/socket",
            ) from error
        except (RedisError, OSError, TimeoutError) as error:
            raise QueueUnavailableError(
                f"no server answers: {error}",
                _without_password(url),
                "start it, or unset REDIS_URL for an embedded one",
            ) from error
        return cls(redis)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.redis.aclose(close_connection_pool=True)

    async def put(self, job: Callable[..., Awaitable[Any]] | str, /, *args: Any, **kwargs: Any) -> JobHandle:
        """Put a job into its queue: what `enqueue` calls, and what a fake for tests stands in for."""
        if isinstance(job, str):
            job = job_named(job)
        definition = definition_of(job)
        values, job_id, now = bound_arguments(job, args, kwargs), uuid4().hex, now_ms()
        payload = dumps({"t": None, "f": definition.name, "a": (), "k": values, "et": now})
        try:
            await self._script(
                keys=[keys.JOB + job_id, keys.RESULT + job_id, keys.queue_key(definition.queue)],
                args=[payload, _EXPIRES, now, job_id],
            )
        except (RedisError, OSError) as error:
            raise QueueUnavailableError(f"{definition.name} was not enqueued: {error}", definition.queue, "") from error
        return JobHandle(self.redis, job_id, definition.queue)

    async def size(self, queue: str = keys.DEFAULT_QUEUE) -> int:
        """Return how many jobs of a queue are not done: waiting, deferred or running."""
        return int(await self.redis.zcard(keys.queue_key(queue)))

    async def dead_letters(self, queue: str = keys.DEFAULT_QUEUE) -> dict[str, dict[str, Any]]:
        """Return the jobs of a queue that failed for good, by id: `job`, `attempts`, `error`, `payload` (text)."""
        # redis types a reply as what a pipeline would return as well, and its parts not at all
        read = cast("Callable[[str], Awaitable[dict[bytes, bytes]]]", self.redis.hgetall)  # pyright: ignore[reportUnknownMemberType]
        raw = await read(keys.dead_key(queue))
        return {job_id.decode(): json.loads(record) for job_id, record in raw.items()}


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if "@" in rest else url
