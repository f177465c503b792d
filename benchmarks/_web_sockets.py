"""What a message to a room of 200 sockets costs beside a bare loop, and what one client that never reads does."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from typing import Any

from starlette.websockets import WebSocket

from vega.web import Rooms
from vega.web._sockets.send_queue import SendQueue

SOCKETS = 200


class Wire:
    """The sending end of a server: takes what comes, or nothing at all."""

    def __init__(self, *, reads: bool = True) -> None:
        self.taken, self._gate = 0, asyncio.Event()
        if reads:
            self._gate.set()

    async def send(self, _: Any) -> None:
        await self._gate.wait()
        self.taken += 1


async def opened(wire: Wire) -> WebSocket:
    async def receive() -> Any:
        return {"type": "websocket.connect"}

    socket = WebSocket({"type": "websocket"}, receive, wire.send)
    await socket.accept()
    return socket


async def measure(work: Any, messages: int) -> float:
    """Return microseconds of CPU time per delivered message."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    for _ in range(messages):
        await work()
    spent = time.process_time() - start
    gc.enable()
    return spent / messages / SOCKETS * 1e6


async def compare(rounds: int, messages: int) -> tuple[float, float]:
    """Return the medians of the bare loop and of a room."""
    sockets = [await opened(Wire()) for _ in range(SOCKETS)]
    rooms = Rooms()
    async with rooms:
        for number in range(SOCKETS):
            send_queue = SendQueue(Wire().send, limit=100, overflow="close", stop=lambda _: None)
            await rooms.join("room", str(number), send_queue)

        async def loop() -> None:
            for socket in sockets:
                await socket.send_text("hello")

        async def room() -> None:
            await rooms.broadcast("room", "hello")

        spent: dict[str, list[float]] = {"loop": [], "room": []}
        for _ in range(rounds):
            spent["loop"].append(await measure(loop, messages))
            spent["room"].append(await measure(room, messages))
    return statistics.median(spent["loop"]), statistics.median(spent["room"])


async def isolation(messages: int) -> int:
    """Return how many of the other clients got every message while one never reads."""
    wires = [Wire(reads=number > 0) for number in range(SOCKETS)]
    stopped: list[int] = []
    async with Rooms() as rooms:
        for number, wire in enumerate(wires):
            send_queue = SendQueue(wire.send, limit=50, overflow="close", stop=stopped.append)
            await rooms.join("room", str(number), send_queue)
        for _ in range(messages):
            await rooms.broadcast("room", "hello")
        assert stopped == [1013]
        count = sum(wire.taken == messages for wire in wires)
        for wire in wires:
            wire._gate.set()
        await asyncio.sleep(0.01)
    return count
