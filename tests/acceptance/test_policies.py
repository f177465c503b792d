"""One policy guards a route, a WebSocket, a room and a resolver over HTTP and over a WebSocket, on real servers."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "guarded"\nfeatures = ["web", "websocket", "graphql"]\n',
    "guarded/__init__.py": "",
    "guarded/settings.py": "from vega.settings import BaseSettings\nclass Settings(BaseSettings): ...\n",
    "guarded/policies.py": """
from vega.web import has_role
editors = has_role("editor")
""",
    "guarded/config.py": """
from vega.web import ApiKeys, AuthenticationMiddleware, MiddlewarePipeline, Principal
keys = {
    ApiKeys.digest("ada"): Principal(subject="ada", roles=frozenset({"editor"})),
    ApiKeys.digest("eve"): Principal(subject="eve"),
}
pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(keys)])
""",
    "guarded/presentation/web/routes/pages.py": """
from vega.web import Router, requires
from guarded.policies import editors
router = Router()
@router.get("", dependencies=[requires(editors)])
async def pages() -> str:
    return "in"
""",
    "guarded/presentation/websocket/pages.py": """
from vega.web import WebSocketHandler
from guarded.policies import editors
class GuardedHandler(WebSocketHandler):
    path = "/ws/guarded"
    policy = editors
    async def on_message(self, message: str) -> None:
        await self.send("in")
class JoinHandler(WebSocketHandler):
    path = "/ws/join"
    join_policy = editors
    async def on_message(self, message: str) -> None:
        await self.join(message)
        await self.send("in")
""",
    "guarded/presentation/graphql/pages.py": """
from vega.di import current_scope
from vega.graphql import mutation, query
from vega.web.security import authorize, current_principal
from guarded.policies import editors
@query
async def pages() -> str:
    await authorize(editors, current_principal())
    return "in" if current_scope() is not None else "no unit of work"
@mutation
async def publish() -> str:
    await authorize(editors, current_principal())
    return "in"
""",
    "guarded/main.py": """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
""",
}
NAMES = {200: "in", 401: "unauthenticated", 403: "forbidden"}
COMMANDS = {
    "uvicorn": ["-m", "vega.web.serve", "guarded.main:create_app", "--port"],
    "granian": ["-m", "granian", "--interface", "asgi", "--factory", "guarded.main:create_app", "--port"],
}


@pytest.fixture(scope="module", params=list(COMMANDS))
def port(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("guarded")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    command = [sys.executable, *COMMANDS[request.param], str(port)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
    try:
        wait_for(port, running, folder / "log")
        yield port
    finally:
        running.terminate()
        running.wait(timeout=30)


def wait_for(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < limit
            time.sleep(0.02)


def route(port: int, headers: dict[str, str]) -> str:
    answer = httpx.get(f"http://127.0.0.1:{port}/pages", headers=headers)
    return NAMES[answer.status_code]


def connect(port: int, headers: dict[str, str]) -> str:
    async def main() -> str:
        try:
            async with websockets.connect(f"ws://127.0.0.1:{port}/ws/guarded", additional_headers=headers) as opened:
                await opened.send("x")
                return str(await opened.recv())
        except websockets.InvalidStatus as refused:  # granian answers 403 to whatever is not accepted
            return NAMES[refused.response.status_code]

    return asyncio.run(main())


def join(port: int, headers: dict[str, str]) -> str:
    async def main() -> str:
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws/join", additional_headers=headers) as opened:
            await opened.send("room")
            answer = str(await opened.recv())
            return (
                answer if answer == "in" else {401: "unauthenticated", 403: "forbidden"}[json.loads(answer)["status"]]
            )

    return asyncio.run(main())


def graphql(port: int, headers: dict[str, str], query: str = "{ pages }") -> str:
    answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}, headers=headers)
    return told(answer.json())


def mutation(port: int, headers: dict[str, str]) -> str:
    return graphql(port, headers, "mutation { publish }")


def graphql_socket(port: int, headers: dict[str, str]) -> str:
    async def main() -> str:
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/graphql",
            additional_headers=headers,
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        ) as opened:
            await opened.send('{"type": "connection_init"}')
            assert json.loads(await opened.recv())["type"] == "connection_ack"
            await opened.send('{"id": "1", "type": "subscribe", "payload": {"query": "{ pages }"}}')
            message = json.loads(await opened.recv())
            payload = message["payload"]
            return told(payload if message["type"] == "next" else {"errors": payload})

    return asyncio.run(main())


def told(answer: Any) -> str:
    if answer.get("errors"):
        return str(answer["errors"][0]["extensions"]["kind"])
    (value,) = answer["data"].values()
    return str(value)


@pytest.mark.parametrize("edge", [route, connect, join, graphql, mutation, graphql_socket])
def test_one_policy_guards_every_edge(port: int, edge: Any) -> None:
    seen = [edge(port, {"x-api-key": name} if name else {}) for name in ("ada", "eve", "")]

    assert seen[:2] == ["in", "forbidden"]
    assert seen[2] == "unauthenticated" or (edge is connect and seen[2] == "forbidden")
