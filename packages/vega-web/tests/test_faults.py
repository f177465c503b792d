"""What real servers do when things go wrong: signals, crashes, clients that cheat."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

COUNT = 100 if os.environ.get("VEGA_FULL") == "1" else 20
CONFIG = """
from vega.web import (
    BodyLimitMiddleware, CORSMiddleware, IdempotencyMiddleware, Limit, MiddlewarePipeline, RateLimitingMiddleware,
    RequestIdMiddleware, SecurityHeadersMiddleware, TimeoutMiddleware, TrustedProxyMiddleware,
)

pipeline = MiddlewarePipeline()
pipeline.use(TrustedProxyMiddleware, trusted=["10.0.0.0/8"])
pipeline.use(RequestIdMiddleware)
pipeline.use(CORSMiddleware, allow_origins=["https://shop.example"])
pipeline.use(SecurityHeadersMiddleware)
limits = [Limit(rate=3, per=3600, algorithm="fixed")]
pipeline.use_when(lambda c: c.url.path.endswith("/limited"), lambda b: b.use(RateLimitingMiddleware, limits=limits))
pipeline.use(BodyLimitMiddleware, max_bytes=1000)
pipeline.use(TimeoutMiddleware, seconds=0.5)
pipeline.use(IdempotencyMiddleware)
"""
ROUTES = """
import asyncio
from fastapi import Request, Response
from vega.web import EventStream, Router
from webshop.domain.interactors.look import Look
from webshop.infrastructure.services.session import log as sessions

router = Router()
log = []
orders = []

@router.get("/limited")
async def limited() -> str:
    return "in"

@router.get("/events")
async def events() -> EventStream:
    async def forever():
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            log.append("closed")
    return EventStream(forever())

@router.get("/slow")
async def slow() -> None:
    mine = await Look()
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        is_open = ("close", mine) not in sessions[sessions.index(("open", mine)):]
        log.append("cancelled while its session was open" if is_open else "cancelled")
        raise

@router.post("/orders")
async def order(body: dict[str, int]) -> int:
    await asyncio.sleep(0.05)
    orders.append(body)
    return len(orders)

@router.get("/inject")
async def inject(value: str) -> Response:
    return Response("body", headers={"x-value": value})

@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("password=hunter2")

@router.get("/log")
async def told() -> list[object]:
    return [log, len(orders), sessions]
"""
SOCKETS = """
from vega.web import WebSocketHandler

class StaysHandler(WebSocketHandler):
    path = "/ws/stays"
    async def on_message(self, message: str) -> None:
        if message == "fail":
            raise RuntimeError("hunter2")
        await self.send(message)

class BrokenHandler(WebSocketHandler):
    path = "/ws/broken"
    async def on_connect(self) -> None:
        raise RuntimeError("hunter2")
"""
MAIN = """
import os
from contextlib import asynccontextmanager
from pathlib import Path
from starlette.staticfiles import StaticFiles
from vega import web
from vega.core import Application
def create_app():
    delay = float(os.environ.get("DRAIN_DELAY", "0"))
    app = web.create_app(Application.load(Path(__file__).parent), drain_delay=delay)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    inner = app.router.lifespan_context
    @asynccontextmanager
    async def told(app):
        async with inner(app):
            yield
        (Path(__file__).parent / "ended").write_text("ended")
    app.router.lifespan_context = told
    return app
"""


@pytest.fixture(scope="module")
def faulty(projects: Any) -> Path:
    folder: Path = projects()
    source = folder / "webshop"
    (source / "config.py").write_text(CONFIG)
    (source / "main.py").write_text(MAIN)
    (source / "static").mkdir()
    (source / "static" / "page.txt").write_text("page")
    (source / "presentation/web/routes/faults.py").write_text(ROUTES)
    (source / "presentation/websocket/faults.py").write_text(SOCKETS)
    return folder


@pytest.fixture(scope="module")
def port(faulty: Path, server_kind: str, start_server: Any) -> Iterator[int]:
    """Run one server for all tests that leave it standing."""
    with start_server(faulty, server_kind) as (port, _):
        yield port


def raw(port: int, request: bytes) -> bytes:
    """Send bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


def get(port: int, target: str) -> bytes:
    return raw(port, f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())


def test_clients_that_cheat_get_nowhere(port: int) -> None:
    base = f"http://127.0.0.1:{port}/faults"
    with httpx.Client() as client:
        spoofed = [
            client.get(f"{base}/limited", headers={"x-forwarded-for": f"203.0.113.{n}"}).status_code for n in range(4)
        ]
        large = client.post(f"{base}/orders", content=iter([b"x" * 600] * 3))
        slow = client.get(f"{base}/slow")
        broken = client.get(f"{base}/broken", headers={"origin": "https://shop.example"})
        injected = get(port, "/faults/inject?value=a%0d%0aset-cookie:%20evil=1")
        told = client.get(f"{base}/log").json()
    outside = [
        get(port, f"/static/{way}settings.py")
        for way in ("../", "%2e%2e/", "..%2f", "%2e%2e%2f", "x/../../", "....//", "..%5c", "/", "%00/../")
    ]
    inside = get(port, "/static/page.txt")

    assert spoofed == [200, 200, 200, 429]
    assert (large.status_code, slow.status_code) == (413, 504)
    assert slow.headers["content-type"] == "application/problem+json"
    assert "cancelled while its session was open" in told[0]
    assert [what for what, _ in told[2]] == ["open", "close"]
    assert broken.headers["access-control-allow-origin"] == "https://shop.example"
    assert broken.headers["x-content-type-options"] == "nosniff"
    assert broken.json()["request_id"] == broken.headers["x-request-id"]
    assert b"\r\nset-cookie: evil" not in injected.lower()
    assert not [answer for answer in outside if b"BaseSettings" in answer]
    assert inside.endswith(b"page")


def test_one_key_at_once_is_one_execution(port: int) -> None:
    async def main(base: str) -> tuple[list[httpx.Response], Any]:
        async with httpx.AsyncClient() as client:
            key = {"idempotency-key": "k"}
            asked = [client.post(f"{base}/orders", json={"a": 1}, headers=key) for _ in range(50)]
            answers = await asyncio.gather(*asked)
            other = await client.post(f"{base}/orders", json={"a": 2}, headers=key)
            return [*answers, other], (await client.get(f"{base}/log")).json()

    answers, told = asyncio.run(main(f"http://127.0.0.1:{port}/faults"))

    assert told[1] == 1
    assert {answer.status_code for answer in answers[:-1]} <= {200, 409}
    assert {answer.text for answer in answers if answer.status_code == 200} == {"1"}
    assert answers[-1].status_code == 422


async def hold(port: int, terminate: Any) -> tuple[list[int | None], list[bytes], list[int]]:
    """Open streams and sockets, have the server told to end, and return how each ended, and whether it was ready."""
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
    monkeypatch.setenv("DRAIN_DELAY", "3")
    (faulty / "webshop" / "ended").unlink(missing_ok=True)
    with start_server(faulty, server_kind) as (port, running):
        codes, bodies, ready = asyncio.run(hold(port, running.terminate))
        status = running.wait(timeout=20)

    assert codes == [1012] * COUNT
    assert bodies == [b"data: first\n\nretry: 1000\n\n"] * COUNT
    assert (ready[0], ready[-1]) == (200, 503)
    assert status == 0
    assert (faulty / "webshop" / "ended").read_text() == "ended"


def test_a_handler_that_fails_leaves_the_server_standing(port: int) -> None:
    async def main(port: int) -> tuple[int | None, str]:
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws/stays") as connection:
            await connection.send("fail")
            await connection.wait_closed()
            code = connection.close_code
        with pytest.raises((websockets.InvalidStatus, websockets.InvalidMessage, websockets.ConnectionClosed)):
            async with websockets.connect(f"ws://127.0.0.1:{port}/ws/broken") as connection:
                await connection.recv()
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws/stays") as connection:
            await connection.send("hello")
            return code, str(await connection.recv())

    assert asyncio.run(main(port)) == (1011, "hello")


KILLED = """
import os
from vega.web import IdempotencyMiddleware, MiddlewarePipeline, RedisStore

pipeline = MiddlewarePipeline()
pipeline.use(IdempotencyMiddleware, store=RedisStore(os.environ["STORE_URL"], prefix="killed:"))
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


def test_a_server_that_is_killed_does_not_let_a_key_execute_again(
    projects: Any, start_server: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = projects()
    (folder / "webshop/config.py").write_text(KILLED)
    (folder / "webshop/main.py").write_text(MAIN)
    (folder / "webshop/static").mkdir()
    (folder / "webshop/presentation/web/routes/slow.py").write_text(SLOW)
    done = folder / "webshop/presentation/web/routes/done.txt"
    monkeypatch.setenv("STORE_URL", redis_url)
    key = {"idempotency-key": "k"}

    with start_server(folder, "uvicorn") as (port, running):
        first = threading.Thread(target=ignoring_errors, args=(f"http://127.0.0.1:{port}/slow/orders", key))
        first.start()
        while not done.exists():
            time.sleep(0.01)
        running.kill()
        running.wait(timeout=20)
        first.join()
    with start_server(folder, "uvicorn") as (port, _):
        again = httpx.post(f"http://127.0.0.1:{port}/slow/orders", headers=key, timeout=10)

    assert (again.status_code, done.read_text()) == (409, "x")
