"""A real server for all tests of a session; each test finds it empty."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from vega.jobs import JobQueue, embedded_server


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    given = os.environ.get("VEGA_TEST_REDIS_URL")
    if given:
        yield given
        return
    with embedded_server() as server:
        yield server.url


@pytest.fixture
def url(server_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    async def empty() -> None:
        queue = await JobQueue.open(server_url)
        await queue.redis.flushdb()
        await queue.aclose()

    asyncio.run(empty())
    monkeypatch.delenv("REDIS_URL", raising=False)
    return server_url
