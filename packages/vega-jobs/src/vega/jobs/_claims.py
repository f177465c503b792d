"""The claims of a worker: jobs under a lease, and the ways to end a lease."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast, final

from vega.patterns import new_id

from . import _keys as keys
from ._codec import dumps, error_to_plain
from ._errors import JobPayloadError
from ._keys import now_ms
from ._queue import JobQueue
from ._scripts import CLAIM, FINISH, RENEW, REQUEUE

_KEPT_MS = 7 * 86_400_000


@final
@dataclass(slots=True, kw_only=True, eq=False)
class Claim:
    """A job that this worker may run until the lease ends.

    Args:
        id: the job's id.
        queue: the name of the job's queue.
        payload: as stored; None if expired.
        attempt: 1 for the first.
        score: the due time, in milliseconds since 1970.
        token: proves ownership of the lease to Redis.
        started: the time of the claim, in milliseconds since 1970.
        call: the decoded payload; empty until read.
    """

    id: str
    queue: str
    payload: bytes | None
    attempt: int
    score: int
    token: str
    started: int
    call: dict[str, Any] = field(default_factory=dict[str, Any])


@final
class Claims:
    """Claims and releases jobs of a server's queues; every step is a single script.

    Args:
        queue: the connection.
        lease: seconds until another worker may take a job whose lease is not renewed.
    """

    def __init__(self, queue: JobQueue, lease: float) -> None:
        # redis types every reply of a script as text
        register = cast("Callable[[str], Callable[..., Awaitable[Any]]]", queue.redis.register_script)
        self._claim, self._finish = register(CLAIM), register(FINISH)
        self._requeue, self._renew = register(REQUEUE), register(RENEW)
        self._lease_ms = int(lease * 1000)

    async def take(self, queue: str, wanted: int) -> list[Claim]:
        """Claim due jobs of a queue, at most `wanted`, the longest due first."""
        token, now = new_id().hex, now_ms()
        prefixes = (keys.IN_PROGRESS, keys.JOB, keys.RETRY)
        claimed = await self._claim(keys=[keys.queue_key(queue)], args=[now, wanted, self._lease_ms, token, *prefixes])
        return [
            Claim(
                id=job_id.decode(),
                queue=queue,
                payload=payload,
                attempt=attempt,
                score=int(float(score)),
                token=token,
                started=now,
            )
            for job_id, payload, attempt, score in claimed
        ]

    async def renew(self, claims: Iterable[Claim]) -> list[Claim]:
        """Renew leases; return the lost claims."""
        return [
            claim
            for claim in claims
            if not await self._renew(keys=[keys.IN_PROGRESS + claim.id], args=[claim.token, self._lease_ms])
        ]

    async def succeed(self, claim: Claim, result: Any, keep_ms: int) -> bool:
        """Record a result and remove the job from its queue; return whether the lease was still valid."""
        try:
            outcome = _outcome(claim, success=True, result=result)
        except JobPayloadError as error:
            outcome = _outcome(claim, success=False, result=error)
        return await self._end(claim, outcome, keep_ms, "")

    async def fail(self, claim: Claim, error: BaseException, keep_ms: int) -> bool:
        """Record a final failure, also among the dead letters; return whether the lease was still valid."""
        record = {
            "job": claim.call.get("f"),
            "attempts": claim.attempt,
            "failed_at": now_ms(),
            "error": error_to_plain(error),
            "payload": (claim.payload or b"").decode("utf-8", "backslashreplace"),
        }
        return await self._end(claim, _outcome(claim, success=False, result=error), keep_ms, json.dumps(record))

    async def postpone(self, claim: Claim, delay: float, *, counts: bool = True) -> bool:
        """Put the job back, due in `delay` seconds; `counts` states whether the attempt counts.

        Returns:
            Whether the lease was still valid.
        """
        delay_ms = int(delay * 1000)
        requeued = await self._requeue(
            keys=[keys.IN_PROGRESS + claim.id, keys.RETRY + claim.id, keys.JOB + claim.id, keys.queue_key(claim.queue)],
            args=[claim.token, claim.id, now_ms() + delay_ms, int(counts), delay_ms + _KEPT_MS],
        )
        return bool(requeued)

    async def _end(self, claim: Claim, outcome: bytes, keep_ms: int, dead: str) -> bool:
        finished = await self._finish(
            keys=[
                keys.IN_PROGRESS + claim.id,
                keys.RETRY + claim.id,
                keys.JOB + claim.id,
                keys.queue_key(claim.queue),
                keys.RESULT + claim.id,
                keys.dead_key(claim.queue),
            ],
            args=[claim.token, claim.id, outcome if keep_ms > 0 else b"", keep_ms, dead],
        )
        return bool(finished)


def _outcome(claim: Claim, *, success: bool, result: Any) -> bytes:
    """Return a result in the layout of arq."""
    call = claim.call
    return dumps(
        {
            "t": claim.attempt,
            "f": call.get("f", "<unknown>"),
            "a": call.get("a", ()),
            "k": call.get("k", {}),
            "et": call.get("et", 0),
            "s": success,
            "r": result,
            "st": claim.started,
            "ft": now_ms(),
            "q": keys.queue_key(claim.queue),
            "id": claim.id,
        }
    )
