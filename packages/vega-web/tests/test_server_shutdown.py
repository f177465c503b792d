"""The end of real servers: at SIGTERM, and when they are killed."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from web_faults import MAIN, write_faults

COUNT = 100 if os.environ.get("VEGA_FULL") == "1" else 20


@pytest.fixture(scope="module")
def faulty(projects: Any) -> Path:
    return write_faults(projects())


async def hold(port: int, terminate: Any) -> tuple[list[int | None], list[bytes], list[int]]:
    """Open streams and sockets, stop the server, and return how each ended, and whether it was ready."""
    opened = asyncio.Semaphore(0)

    async def stream(client: httpx.AsyncClient) -> bytes:
        async with client.stream("GET", f"http://127.0.0.1:{port}/faults/events") as answer:
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                opened.release()
            return body

    async def connect() -> int | None:
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws/stays") as connection:
            await connection.send("hello")
            assert await connection.recv() == "hello"
            opened.release()
            await connection.wait_closed()
            return connection.close_code

    async def ready(client: httpx.AsyncClient) -> int:
        return (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=30, limits=limits) as client:
        streams = [asyncio.ensure_future(stream(client)) for _ in range(COUNT)]
        sockets = [asyncio.ensure_future(connect()) for _ in range(COUNT)]
        for _ in range(2 * COUNT):
            await opened.acquire()
        seen = [await ready(client)]
        terminate()
        while seen[-1] == 200:  # the server answers as long as the delay lasts
            seen.append(await ready(client))
        return await asyncio.gather(*sockets), await asyncio.gather(*streams), seen


def test_at_sigterm_everybody_is_told_and_the_process_ends_well(
    faulty: Path, server_kind: str, start_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAIN_DELAY", "2")
    (faulty / "webshop" / "ended").unlink(missing_ok=True)
    with start_server(faulty, server_kind) as (port, running):
        codes, bodies, ready = asyncio.run(hold(port, running.terminate))
        status = running.wait(timeout=20)

    assert codes == [1012] * COUNT
    assert bodies == [b"data: first\n\nretry: 1000\n\n"] * COUNT
    assert (ready[0], ready[-1]) == (200, 503)
    assert status == 0
    assert (faulty / "webshop" / "ended").read_text() == "ended"


KILLED = """
import os
from vega.web import IdempotencyMiddleware, MiddlewarePipeline, RedisStore

pipeline = MiddlewarePipeline()
pipeline.use(IdempotencyMiddleware, store=RedisStore(os.environ["STORE_URL"], prefix=os.environ["STORE_PREFIX"]))
"""
SLOW = """
import asyncio
from pathlib import Path
from vega.web import Router

router = Router()
done = Path(__file__).with_name("done.txt")

@router.post("/orders")
async def order() -> str:
    with done.open("a") as file:
        file.write("x")
    await asyncio.sleep(60)
    return "done"
"""


def ignoring_errors(url: str, headers: dict[str, str]) -> None:
    with suppress(httpx.HTTPError):
        httpx.post(url, headers=headers, timeout=60)


def kill(running: subprocess.Popen[bytes]) -> None:
    """Kill a server with all of its processes."""
    children = (Path("/proc") / str(running.pid) / "task" / str(running.pid) / "children").read_text().split()
    for process in (running.pid, *map(int, children)):
        os.kill(process, signal.SIGKILL)
    running.wait(timeout=20)


@pytest.mark.once
def test_a_server_that_is_killed_does_not_let_a_key_execute_again(
    projects: Any, server_kind: str, start_server: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = projects()
    (folder / "webshop/config.py").write_text(KILLED)
    (folder / "webshop/main.py").write_text(MAIN)
    (folder / "webshop/static").mkdir()
    (folder / "webshop/presentation/web/routes/slow.py").write_text(SLOW)
    done = folder / "webshop/presentation/web/routes/done.txt"
    monkeypatch.setenv("STORE_URL", redis_url)
    monkeypatch.setenv("STORE_PREFIX", f"killed-{server_kind}:")
    key = {"idempotency-key": "k"}

    with start_server(folder, server_kind) as (port, running):
        first = threading.Thread(target=ignoring_errors, args=(f"http://127.0.0.1:{port}/slow/orders", key))
        first.start()
        while not done.exists():
            time.sleep(0.01)
        kill(running)
        first.join()
    with start_server(folder, server_kind) as (port, _):
        again = httpx.post(f"http://127.0.0.1:{port}/slow/orders", headers=key, timeout=10)

    assert (again.status_code, done.read_text()) == (409, "x")
