"""Rooms over a real Redis: two processes, a server that comes back, and nothing left behind."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from starlette.types import Message

from vega.web import BackplaneError, RedisBackplane, Rooms
from vega.web._sockets.send_queue import SendQueue

COUNT = 10_000 if os.environ.get("VEGA_FULL") == "1" else 300


class Member:
    """Somebody in a room."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.send_queue = SendQueue(self._send, limit=10, overflow="close", stop=lambda _: None)

    async def _send(self, message: Message) -> None:
        self.heard.put_nowait(message["text"])

    async def next(self) -> str:
        return await asyncio.wait_for(self.heard.get(), 10)


@asynccontextmanager
async def processes(url: str, count: int, prefix: str) -> AsyncIterator[list[Rooms]]:
    """Run the rooms of several processes."""
    async with AsyncExitStack() as stack:
        made = [Rooms(RedisBackplane(url, prefix=prefix, longest_pause=0.2)) for _ in range(count)]
        for rooms in made:
            await stack.enter_async_context(rooms)
        yield made


def test_a_room_spans_processes(redis_url: str) -> None:
    async def main() -> list[str]:
        async with processes(redis_url, 2, "span:") as (one, two):
            ada, eve = Member(), Member()
            await one.join("a", "ada", ada.send_queue)
            await two.join("a", "eve", eve.send_queue)
            await one.broadcast("a", "hello | world")
            heard = [await ada.next(), await eve.next()]
            await two.broadcast("a", {"n": 1}, exclude="eve")
            heard.append(await ada.next())
            await one.leave("a", "ada")
            await two.broadcast("a", "alone")
            heard.append(await eve.next())
            assert ada.heard.empty()
            assert eve.heard.empty()
            return heard

    assert asyncio.run(main()) == ["hello | world", "hello | world", '{"n":1}', "alone"]


def test_after_the_server_came_back_rooms_are_heard_again_and_the_gap_is_told(start_valkey: Any) -> None:
    async def main() -> list[str]:
        with start_valkey() as (url, process):
            async with processes(url, 2, "gap:") as (one, two):
                ada = Member()
                await one.join("a", "ada", ada.send_queue)
                await two.broadcast("a", "before")
                heard = [await ada.next()]
                process.kill()
                process.wait()
                os.unlink(url.removeprefix("unix://"))  # noqa: PTH108 - no work for a thread
                with pytest.raises(BackplaneError):
                    await two.broadcast("a", "lost")
                with start_valkey():
                    heard.append(await ada.next())
                    while True:
                        try:
                            await two.broadcast("a", "after")
                            break
                        except BackplaneError:
                            await asyncio.sleep(0.05)
                    heard.append(await ada.next())
                    return heard

    before, gap, after = asyncio.run(main())
    assert (before, after) == ("before", "after")
    assert gap == '{"type":"gap","room":"a","missed":0}'


def test_numbers_that_are_missing_are_told(redis_url: str) -> None:
    async def main() -> list[str]:
        redis = Redis.from_url(redis_url)
        async with processes(redis_url, 1, "missing:") as (rooms,):
            ada = Member()
            await rooms.join("a", "ada", ada.send_queue)
            await rooms.broadcast("a", "first")
            heard = [await ada.next()]
            await redis.incrby("missing:a", 3)
            await rooms.broadcast("a", "second")
            heard += [await ada.next(), await ada.next()]
        await redis.aclose()
        return heard

    assert asyncio.run(main()) == ["first", '{"type":"gap","room":"a","missed":3}', "second"]


def test_joins_and_leaves_leave_nothing_behind(redis_url: str) -> None:
    async def main() -> tuple[list[Any], list[Any]]:
        redis = Redis.from_url(redis_url)
        async with processes(redis_url, 1, "many:") as (rooms,):
            member = Member()
            for number in range(COUNT):
                await rooms.join(f"r{number % 50}", "ada", member.send_queue)
                await rooms.leave(f"r{number % 50}", "ada")
            await asyncio.sleep(0.05)
            channels = await redis.pubsub_channels("many:r*")
            keys = await redis.keys("many:*")
        await redis.aclose()
        return channels, keys

    assert asyncio.run(main()) == ([], [])


def test_a_room_joined_while_the_server_is_away_is_heard_when_it_comes(start_valkey: Any, tmp_path: Path) -> None:
    async def main() -> str:
        url = f"unix://{tmp_path / 's'}"
        rooms = Rooms(RedisBackplane(url, prefix="late:", timeout=0.1, longest_pause=0.1))
        async with rooms:
            ada = Member()
            await rooms.join("a", "ada", ada.send_queue)
            with start_valkey():
                while True:
                    try:
                        await rooms.broadcast("a", "hello")
                        heard = await asyncio.wait_for(ada.heard.get(), 0.5)
                        if rooms._backplane._pubsub is not None:  # type: ignore[attr-defined]  # the listener of the one over Redis
                            return heard
                    except (BackplaneError, TimeoutError):
                        continue

    assert asyncio.run(main()) == "hello"


WORKER = """
import asyncio, sys
from vega.web import Limit, RedisStore
from vega.web._stores.rate_limits import take
async def main():
    store = RedisStore(sys.argv[1], timeout=30)
    limit = Limit(rate=100, per=3600, name="four")
    verdicts = await asyncio.gather(*(take(store, limit, "k", 1e6) for _ in range(250)))
    await store.aclose()
    print(sum(verdict.is_allowed for verdict in verdicts))
asyncio.run(main())
"""


@pytest.mark.once
def test_four_processes_share_one_limit(redis_url: str) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WORKER, redis_url], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    passed = [int(each.communicate(timeout=60)[0]) for each in running]

    assert 99 <= sum(passed) <= 100
