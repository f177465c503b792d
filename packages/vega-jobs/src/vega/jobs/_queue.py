"""The queue of jobs in Redis, in the layout of arq, and the current queue of a context."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar, Token
from typing import Any, ClassVar, Protocol, cast
from urllib.parse import urlsplit

from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from vega.patterns import new_id

from . import _keys as keys
from ._arguments import bound_arguments
from ._codec import dumps, loads
from ._embedded import embedded_server
from ._errors import InvalidJobQueueError, NoJobQueueError, QueueUnavailableError
from ._handle import JobHandle
from ._job import definition_of, job_named
from ._keys import now_ms
from ._scripts import ENQUEUE

_log = logging.getLogger("vega.jobs")
_CONNECT_TIMEOUT = 1.0  # seconds
_EXPIRES = 7 * 86_400_000
_current: ContextVar[JobQueue | None] = ContextVar("vega_job_queue", default=None)


class _Enqueue(Protocol):
    async def __call__(self, job: Callable[..., Awaitable[Any]] | str, /, *args: Any, **kwargs: Any) -> JobHandle: ...


class _OnClassOrInstance:
    """`enqueue` as a method: on the class for the current queue, on an instance for that queue."""

    def __get__(self, queue: JobQueue | None, owner: type[JobQueue]) -> _Enqueue:
        return (queue or get_job_queue()).put


class JobQueue:
    """The queues of a Redis server; each job goes to the queue of its decorator.

    `await JobQueue.enqueue(job, user_id="7")` uses the current queue of the calling context,
    `await queue.enqueue(job, user_id="7")` the given one; the parameters are the job's own, by name or position.
    A name instead of a function avoids importing the job.
    Both return a JobHandle, and raise UnknownJobError when the function is not a job, JobPayloadError when the
    arguments do not fit or cannot be stored, and QueueUnavailableError when the server does not respond.

    Args:
        redis: an open connection pool of arq with Vega's serializer, as created by `connect`.
    """

    enqueue: ClassVar[_OnClassOrInstance] = _OnClassOrInstance()

    def __init__(self, redis: ArqRedis) -> None:
        self.redis = redis
        self._script = redis.register_script(ENQUEUE)

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str | None = None) -> AsyncGenerator[JobQueue]:
        """Open a connection, and make it the current queue for the duration of an `async with` block.

        Args:
            url: `redis://`, `rediss://` or `unix://`; None uses the environment variable REDIS_URL, and starts an
                embedded server for the block if unset.

        Raises:
            QueueUnavailableError: the URL is wrong, or the server does not respond.
            EmbeddedServerError: an embedded server cannot be started.
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
        """Return an open queue, to be closed by the caller.

        Args:
            url: as in `connect`, not None.
            attempts: number of tries, a second apart.

        Raises:
            QueueUnavailableError: the URL is wrong, or the server does not respond.
        """
        try:
            pools: Any = ConnectionPool  # of which the types are partial; it reads addresses as all clients of Redis do
            pool = pools.from_url(url, socket_connect_timeout=_CONNECT_TIMEOUT)
            _check_database(url)
        except ValueError as error:
            raise QueueUnavailableError(
                f"{_without_password(url)} is not an address of a Redis server: {error}",
                "REDIS_URL",
                "write redis://host:6379/0 or unix:///path/to/socket",
            ) from error
        redis = ArqRedis(pool, job_serializer=dumps, job_deserializer=loads)
        try:
            await _answered(redis, attempts)
        except (RedisError, OSError, TimeoutError) as error:
            await redis.aclose(close_connection_pool=True)
            raise QueueUnavailableError(
                f"no server answers: {error}",
                _without_password(url),
                "start it, or unset REDIS_URL for an embedded server",
            ) from error
        return cls(redis)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.redis.aclose(close_connection_pool=True)

    async def put(self, job: Callable[..., Awaitable[Any]] | str, /, *args: Any, **kwargs: Any) -> JobHandle:
        """Put a job into its queue, on behalf of `enqueue`; test doubles override this method."""
        if isinstance(job, str):
            job = job_named(job)
        definition = definition_of(job)
        values, job_id, now = bound_arguments(job, args, kwargs), new_id().hex, now_ms()
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
        """Return the number of unfinished jobs of a queue: waiting, deferred or running."""
        return int(await self.redis.zcard(keys.queue_key(queue)))

    async def dead_letters(self, queue: str = keys.DEFAULT_QUEUE) -> dict[str, dict[str, Any]]:
        """Return the jobs of a queue that failed for good, by id: `job`, `attempts`, `error`, `payload` (text)."""
        # redis types the reply as a union with pipelines, and leaves its parts untyped
        read = cast("Callable[[str], Awaitable[dict[bytes, bytes]]]", self.redis.hgetall)  # pyright: ignore[reportUnknownMemberType]
        raw = await read(keys.dead_key(queue))
        return {job_id.decode(): json.loads(record) for job_id, record in raw.items()}


async def _answered(redis: ArqRedis, attempts: int) -> None:
    """Wait for an answer of the server, with a second between two attempts; raise the error of the last one."""
    client: Any = redis  # of which the types are partial
    for _ in range(attempts - 1):
        try:
            await client.ping()
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("the server of the queue does not answer: %s", type(error).__name__)
            await asyncio.sleep(1.0)
        else:
            return
    await client.ping()


def _check_database(url: str) -> None:
    """Refuse a database that is not a number, which redis-py would take for database 0."""
    parts = urlsplit(url)
    if parts.scheme != "unix" and not parts.path.removeprefix("/").isdecimal() and parts.path not in {"", "/"}:
        raise ValueError(f"the database {parts.path} is not a number")


def _without_password(url: str) -> str:
    """Return the place of a server: an address without its credentials and options, which may hold some too."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


class _ProcessDefault:
    """The default queue of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: JobQueue | None = None

    def get(self) -> JobQueue | None:
        with self._lock:
            return self._queue

    def set(self, queue: JobQueue | None) -> None:
        with self._lock:
            self._queue = queue


_default = _ProcessDefault()


def get_job_queue() -> JobQueue:
    """Return the queue of the calling context, else the default of the process.

    Raises:
        NoJobQueueError: no queue is set.
    """
    queue = _current.get() or _default.get()
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
        queue: the queue; None removes the current queue.
        process: False applies to the calling context (the task or thread, and child tasks);
            True sets the default of the whole process, and leaves the calling context alone.

    Raises:
        InvalidJobQueueError: the object is not a JobQueue.
    """
    if queue is not None:
        _check_queue(queue, "set_job_queue")
    if process:
        _default.set(queue)
    else:
        _current.set(queue)


def use_job_queue(queue: JobQueue) -> AbstractContextManager[JobQueue]:
    """Make a queue the current one of the calling context for the length of a `with` block.

    Entry and exit may be in different contexts, as in async fixtures.

    Raises:
        InvalidJobQueueError: the object is not a JobQueue.
    """
    _check_queue(queue, "use_job_queue")
    return _use(queue)


def has_own_queue() -> bool:
    """Return whether a queue was set for the calling context, such as a test's."""
    return _current.get() is not None


@contextmanager
def _use(queue: JobQueue) -> Generator[JobQueue]:
    token = _current.set(queue)
    try:
        yield queue
    finally:
        try:
            _current.reset(token)
        except ValueError:  # exited in a different context
            if _current.get() is queue:
                _current.set(None if token.old_value is Token.MISSING else token.old_value)


def _check_queue(queue: object, function: str) -> None:
    if not isinstance(queue, JobQueue):
        raise InvalidJobQueueError(
            f"{queue!r} is not a JobQueue", function, "give the result of JobQueue.open or JobQueue.connect"
        )
