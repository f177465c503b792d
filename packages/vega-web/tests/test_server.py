"""The application on a real server, over real sockets."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets

from vega.core.extend import Project, RunOptions
from vega.web._plugins import WebPlugin

MAIN = """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
"""


@pytest.fixture
def served(project: Path) -> Iterator[int]:
    (project / "webshop" / "main.py").write_text(MAIN)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = RunOptions(port=port)
    (process,) = WebPlugin().processes(Project(root=project, package="webshop"), options)
    assert process.ready is not None
    with (project / "log").open("wb") as log:
        running = subprocess.Popen(process.command, cwd=project, stdout=log, stderr=log, env={**os.environ})
        limit = time.monotonic() + 60
        while not process.ready():
            assert running.poll() is None, (project / "log").read_text()
            assert time.monotonic() < limit
            time.sleep(0.05)
        yield port
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) in {0, -signal.SIGTERM}


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
