"""The address of the queue, read as every other client of Redis reads it; with real servers in `tests/contract`."""

import asyncio
from typing import Any

import pytest

from vega.jobs import JobQueue, QueueUnavailableError, _queue


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("redis://:p%40ss%2Fw%25rd@localhost:6379/0", {"password": "p@ss/w%rd", "db": 0}),
        ("redis://us%3Aer:p%C3%A9@localhost/1", {"username": "us:er", "password": "p\xe9", "db": 1}),
        ("redis://localhost:6379", {"host": "localhost", "port": 6379}),
        ("redis://localhost/", {"host": "localhost"}),
        ("unix://:p%40@/run/a%20b", {"path": "/run/a b", "password": "p@"}),
        ("rediss://localhost?ssl_cert_reqs=none", {"host": "localhost", "ssl_cert_reqs": "none"}),
    ],
)
def test_an_address_is_decoded(address: str, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    async def answered(redis: Any, attempts: int) -> None:
        seen.append(redis.connection_pool.connection_kwargs)

    monkeypatch.setattr(_queue, "_answered", answered)
    asyncio.run(JobQueue.open(address, attempts=1))

    assert expected.items() <= seen[0].items()


@pytest.mark.parametrize("address", ["http://:hunter2@localhost", "localhost:6379", "redis://:hunter2@localhost?db=x"])
def test_what_is_no_address_is_reported_without_its_password(address: str) -> None:
    with pytest.raises(QueueUnavailableError, match="is not an address") as caught:
        asyncio.run(JobQueue.open(address, attempts=1))

    assert "hunter2" not in str(caught.value)


def test_a_server_that_answers_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(_queue.asyncio, "sleep", sleep)
    with pytest.raises(QueueUnavailableError, match="no server answers"):
        asyncio.run(JobQueue.open("redis://127.0.0.1:1", attempts=3))

    assert pauses == [1.0, 1.0]
