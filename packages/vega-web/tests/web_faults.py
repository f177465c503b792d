"""A project whose routes and sockets are made to go wrong, for the tests that run it on real servers."""

from pathlib import Path

CONFIG = """
from vega.web import (
    BodyLimitMiddleware,
    CORSMiddleware,
    IdempotencyMiddleware,
    Limit,
    MiddlewarePipeline,
    RateLimitingMiddleware,
    TimeoutMiddleware,
    TrustedProxyMiddleware,
)
from vega.web.middleware import RequestIdMiddleware, SecurityHeadersMiddleware

pipeline = MiddlewarePipeline()
pipeline.use(TrustedProxyMiddleware, trusted=["10.0.0.0/8"])
pipeline.use(RequestIdMiddleware)
pipeline.use(CORSMiddleware, allow_origins=["https://shop.example"])
pipeline.use(SecurityHeadersMiddleware)
limits = [Limit(rate=3, per=3600, algorithm="fixed")]
pipeline.use_when(lambda c: c.url.path.endswith("/limited"), lambda b: b.use(RateLimitingMiddleware, limits=limits))
pipeline.use(BodyLimitMiddleware, max_bytes=1000)
pipeline.use(TimeoutMiddleware, seconds=3)
pipeline.use(IdempotencyMiddleware)
"""
ROUTES = """
import asyncio
from fastapi import Response
from starlette.background import BackgroundTask
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

@router.get("/followed")
async def followed() -> EventStream:
    async def forever():
        try:
            while True:
                yield "more"
                await asyncio.sleep(0.001)
        finally:
            log.append("left")
    async def afterwards():
        log.append("afterwards")
    return EventStream(forever(), background=BackgroundTask(afterwards))

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


def write_faults(folder: Path) -> Path:
    """Write routes, sockets and middleware into a project."""
    source = folder / "webshop"
    (source / "config.py").write_text(CONFIG)
    (source / "main.py").write_text(MAIN)
    (source / "static").mkdir()
    (source / "static" / "page.txt").write_text("page")
    (source / "presentation/web/routes/faults.py").write_text(ROUTES)
    (source / "presentation/websocket/faults.py").write_text(SOCKETS)
    return folder
