"""The project that web_faults.py serves."""

PROJECT = {
    "pyproject.toml": '[tool.vega]\npackage = "bench"\nfeatures = ["web", "websocket"]\n',
    "bench/__init__.py": "",
    "bench/config.py": """
import os
from vega.web import (
    Limit, MiddlewarePipeline, RateLimitingMiddleware, RedisBackplane, RedisStore, Rooms, TimeoutMiddleware,
)
url = os.environ["BENCH_REDIS"]
rooms = Rooms(RedisBackplane(url))
pipeline = MiddlewarePipeline()
pipeline.use_when(
    lambda connection: connection.url.path == "/work/limited",
    lambda branch: branch.use(RateLimitingMiddleware, limits=[Limit(rate=10**6, per=60)], store=RedisStore(url)),
)
pipeline.use(TimeoutMiddleware, seconds=0.2)
""",
    "bench/presentation/web/routes/work.py": """
import asyncio
from vega.web import EventStream, Router
router = Router()
@router.get("/slow")
async def slow() -> None:
    await asyncio.sleep(60)
@router.get("/limited")
async def limited() -> str:
    return "in"
@router.get("/events")
async def events() -> EventStream:
    async def forever():
        yield "first"
        await asyncio.Event().wait()
    return EventStream(forever())
""",
    "bench/presentation/websocket/room.py": """
from vega.web import BackplaneError, WebSocketHandler
class RoomHandler(WebSocketHandler):
    path = "/ws/{room}"
    overflow = "drop_oldest"
    async def on_connect(self) -> None:
        await self.accept()
        await self.join(self.socket.path_params["room"])
        await self.send("joined")
    async def on_message(self, message: str) -> None:
        try:
            await self.broadcast(self.socket.path_params["room"], message)
        except BackplaneError:
            pass
""",
    "bench/main.py": """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
""",
}
