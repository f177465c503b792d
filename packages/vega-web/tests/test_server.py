"""The application on a real server, over real sockets."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest
import websockets

from vega.core.extend import Project, RunOptions
from vega.web._app.plugins import WebPlugin


def test_a_request_and_a_socket_are_answered(served: int) -> None:
    async def talk() -> tuple[str | bytes, str | bytes]:
        async with websockets.connect(f"ws://127.0.0.1:{served}/ws/echo") as connection:
            await connection.send("Zażółć 🦊")
            first = await connection.recv()
            await connection.send("scopes")
            return first, await connection.recv()

    assert httpx.get(f"http://127.0.0.1:{served}/items/sold-out").status_code == 409
    assert asyncio.run(talk()) == ("Zażółć 🦊", "True")


def test_a_path_without_a_handler_is_refused(served: int) -> None:
    async def talk() -> None:
        async with websockets.connect(f"ws://127.0.0.1:{served}/ws/nothing"):
            pass

    with pytest.raises(websockets.InvalidStatus):
        asyncio.run(talk())


def test_the_server_listens_on_loopback_only(project: Path) -> None:
    (process,) = WebPlugin().processes(Project(root=project, package="webshop"), RunOptions())

    assert process.command[process.command.index("--host") + 1] == "127.0.0.1"
    assert process.command[0] == sys.executable
