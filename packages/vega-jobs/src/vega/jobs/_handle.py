"""The handle of an enqueued job: status and result."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, TypeAlias

from arq.connections import ArqRedis

from . import _keys as keys
from ._codec import loads
from ._errors import JobFailedError
from ._keys import now_ms

JobStatus: TypeAlias = Literal["queued", "deferred", "running", "done", "unknown"]
_POLL = 0.05


class JobHandle:
    """An enqueued job.

    Attributes:
        id: the job's identifier.
        queue: the name of the job's queue.
    """

    __slots__ = ("_redis", "id", "queue")

    def __init__(self, redis: ArqRedis, job_id: str, queue: str) -> None:
        self._redis = redis
        self.id: str = job_id
        self.queue: str = queue

    def __repr__(self) -> str:
        return f"JobHandle({self.id!r}, queue={self.queue!r})"

    async def status(self) -> JobStatus:
        """Return the status of the job; `unknown` once the result is no longer kept."""
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
        """Wait for the job and return its result.

        Args:
            timeout: seconds to wait at most; None waits without limit.

        Raises:
            JobFailedError: the job failed for good, or its result is not kept.
            TimeoutError: the job did not end in time.
        """
        async with asyncio.timeout(timeout):
            while (raw := await self._redis.get(keys.RESULT + self.id)) is None:
                if await self.status() == "unknown":
                    raise JobFailedError("the job is no longer known", self.id, "its result was not kept")
                await asyncio.sleep(_POLL)
        outcome = loads(raw)
        if not outcome["s"]:
            error = outcome["r"]
            reason = f"{error['type']}: {error['message']}" if isinstance(error, dict) else str(error)
            raise JobFailedError(f"{outcome['f']} failed: {reason}", self.id, "see the dead letters of its queue")
        return outcome["r"]
