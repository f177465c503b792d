"""Rooms of two server processes over one Redis that dies and comes back, and a limit that four of them share."""

import asyncio
import json
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

IS_FULL = os.environ.get("VEGA_FULL") == "1"
REQUESTS, RATE, SERVERS = (1000, 100, 4) if IS_FULL else (100, 10, 2)
CONFIG = """
import os
from vega.web import Limit, MiddlewarePipeline, RateLimitingMiddleware, RedisBackplane, RedisStore, Rooms

url = os.environ["SHARED_URL"]
rooms = Rooms(RedisBackplane(url, prefix="shared:", longest_pause=0.2))
pipeline = MiddlewarePipeline()
limits = [Limit(rate=RATE, per=3600, name="shared-KIND")]
pipeline.use_when(
    lambda connection: connection.url.path == "/mine/x",
    lambda branch: branch.use(RateLimitingMiddleware, limits=limits, store=RedisStore(url, timeout=30)),
)
"""
HANDLER = """
from vega.web import BackplaneError, WebSocketHandler

class AllHandler(WebSocketHandler):
    path = "/ws/all"
    async def on_connect(self) -> None:
        await self.accept()
        await self.join("all")
        await self.send("joined")
    async def on_message(self, message: str) -> None:
        try:
            await self.broadcast("all", message)
        except BackplaneError:
            await self.send("not everywhere")
"""
MAIN = """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
"""


@pytest.fixture
def shared(projects: Any) -> Path:
    folder: Path = projects()
    (folder / "webshop/config.py").write_text(CONFIG.replace("RATE", str(RATE)))
    (folder / "webshop/main.py").write_text(MAIN)
    (folder / "webshop/presentation/websocket/all.py").write_text(HANDLER)
    return folder


async def until(connection: websockets.ClientConnection, wanted: str) -> list[str]:
    """Return what came, up to what is waited for."""
    heard: list[str] = []
    while wanted not in heard:
        heard.append(str(await asyncio.wait_for(connection.recv(), 20)))
    return heard


async def until_told(speaker: websockets.ClientConnection, listener: websockets.ClientConnection) -> list[str]:
    """Return the messages after a member speaks repeatedly: the gap is reported just before a room is heard again."""
    for _ in range(40):
        await speaker.send("after")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                return await until(listener, "after")
    raise AssertionError("nothing is heard")


def test_a_room_of_two_processes_outlives_its_redis(
    shared: Path, server_kind: str, start_server: Any, start_valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(ports: list[int], restart: Any) -> list[list[str]]:
        one, two = [await websockets.connect(f"ws://127.0.0.1:{port}/ws/all") for port in ports]
        async with one, two:
            for connection in (one, two):
                await until(connection, "joined")
            await one.send("before")
            heard = [await until(one, "before"), await until(two, "before")]
            restart()
            gap = json.dumps({"type": "gap", "room": "all", "missed": 0}, separators=(",", ":"))
            heard += [await until(one, gap), await until(two, gap)]
            return [*heard, await until_told(two, one), await until_told(one, two)]

    with ExitStack() as stack:
        url, process = stack.enter_context(start_valkey())
        monkeypatch.setenv("SHARED_URL", url)
        ports = [stack.enter_context(start_server(shared, server_kind))[0] for _ in range(2)]

        def restart() -> None:
            process.kill()
            process.wait()
            os.unlink(url.removeprefix("unix://"))  # noqa: PTH108 - no work for a thread
            stack.enter_context(start_valkey())

        heard = asyncio.run(main(ports, restart))

    assert heard[:2] == [["before"], ["before"]]
    assert [each[-1] for each in heard[4:]] == ["after", "after"]


def test_servers_share_one_limit(
    shared: Path, server_kind: str, start_server: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(ports: list[int]) -> list[int]:
        async def ask(number: int) -> list[int]:
            address = f"http://127.0.0.1:{ports[number % SERVERS]}/mine/x"
            async with httpx.AsyncClient(timeout=60) as client:
                return [(await client.get(address)).status_code for _ in range(REQUESTS // 20)]

        return [status for found in await asyncio.gather(*map(ask, range(20))) for status in found]

    with ExitStack() as stack:
        monkeypatch.setenv("SHARED_URL", redis_url)
        config = shared / "webshop/config.py"
        config.write_text(config.read_text().replace("KIND", server_kind))
        ports = [stack.enter_context(start_server(shared, server_kind))[0] for _ in range(SERVERS)]
        statuses = asyncio.run(main(ports))

    assert RATE - 1 <= statuses.count(200) <= RATE  # one less where an hour ends in between
    assert statuses.count(200) + statuses.count(429) == REQUESTS
