"""A client of WebSockets in memory, for the tests of handlers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import Message

from vega.web import Rooms


class Client:
    """A client of one connection, in process."""

    def __init__(self, app: FastAPI, path: str, *, extensions: bool = True, **scope: Any) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.coming: asyncio.Queue[Message] = asyncio.Queue()
        self.coming.put_nowait({"type": "websocket.connect"})
        self.reads = asyncio.Event()
        self.reads.set()
        base: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "root_path": "",
            "scheme": "ws",
            "subprotocols": [],
            "server": ("x", 80),
            "client": ("y", 1),
            "extensions": {"websocket.http.response": {}} if extensions else {},
            **scope,
        }
        self.task = asyncio.ensure_future(app(base, self.coming.get, self._send))

    async def _send(self, message: Message) -> None:
        await self.reads.wait()
        self.sent.put_nowait(dict(message))

    def say(self, text: str | bytes) -> None:
        self.coming.put_nowait({"type": "websocket.receive", "text" if isinstance(text, str) else "bytes": text})

    async def heard(self) -> Any:
        message = await asyncio.wait_for(self.sent.get(), 5)
        return message.get("text", message.get("bytes", message))

    def leave(self) -> None:
        self.coming.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def gone(self) -> None:
        await asyncio.wait_for(self.task, 5)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


async def full(rooms: Rooms, room: str, count: int) -> None:
    """Wait until so many have joined, which follows accepting them."""
    for _ in range(100 * count):
        if rooms.members(room) == count:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{rooms.members(room)} of {count} are in the room")
