"""The address of the queue: what a URL must encode is decoded, as every other client of Redis does."""

import asyncio
from typing import Any

import pytest

from vega.jobs import JobQueue, _queue


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("redis://:p%40ss%2Fw%25rd@localhost:6379/0", (None, "p@ss/w%rd")),
        ("redis://us%3Aer:p%C3%A9@localhost/1", ("us:er", "pé")),
        ("redis://localhost:6379", (None, None)),
    ],
)
def test_credentials_of_an_address_are_decoded(
    address: str, expected: tuple[str | None, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    async def create_pool(settings: Any, **_: Any) -> Any:
        seen.append((settings.username or None, settings.password))
        raise OSError("not needed")

    monkeypatch.setattr(_queue, "create_pool", create_pool)
    with pytest.raises(Exception, match="no server answers"):
        asyncio.run(JobQueue.open(address, attempts=1))

    assert seen == [expected]
