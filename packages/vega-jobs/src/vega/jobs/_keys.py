"""The layout of arq in Redis, keys and scores, with an additional key for each queue."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from vega.patterns import get_clock

from ._errors import JobDefinitionError

DEFAULT_QUEUE = "default"
JOB = "arq:job:"
IN_PROGRESS = "arq:in-progress:"
RESULT = "arq:result:"
RETRY = "arq:retry:"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ARQ_QUEUE = "arq:queue"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def check_queue_name(name: object) -> str:
    """Return the name if valid for a queue.

    Raises:
        JobDefinitionError: the name is empty, or contains other characters than letters, digits, dot, dash, underscore.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise JobDefinitionError(
            f"{name!r} is not a name of a queue", "queue", "use letters, digits, '.', '-' and '_', such as emails"
        )
    return name


def queue_key(name: str) -> str:
    """Return the key of the sorted set of a queue; the queue `default` is arq's default queue.

    >>> queue_key("default"), queue_key("emails")
    ('arq:queue', 'arq:queue:emails')
    """
    return _ARQ_QUEUE if name == DEFAULT_QUEUE else f"{_ARQ_QUEUE}:{name}"


def dead_key(name: str) -> str:
    """Return the key of the hash of a queue's dead letters, by job id."""
    return f"vega:dead:{name}"


def now_ms() -> int:
    """Return the milliseconds since 1970, as in the scores of arq's queues."""
    return (get_clock().now() - _EPOCH) // _MILLISECOND
