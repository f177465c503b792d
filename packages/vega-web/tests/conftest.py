"""A project with routes, sockets and a scoped service, made in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from vega.core import Application
from vega.core.extend import Project, RunOptions
from vega.di import Container, Scope
from vega.events import EventBus
from vega.web import create_app
from vega.web._app.plugins import WebPlugin

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that tests share

from web_valkey import valkey

FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "webshop"\nfeatures = ["web", "websocket"]\n',
    "webshop/__init__.py": "",
    "webshop/settings.py": "from vega.settings import BaseSettings\nclass Settings(BaseSettings): ...\n",
    "webshop/infrastructure/services/session.py": """
from collections.abc import Iterator
from vega.di import Scope, injectable
log = []
class Session: ...
@injectable(scope=Scope.SCOPED)
def session() -> Iterator[Session]:
    made = Session()
    log.append(("open", id(made)))
    yield made
    log.append(("close", id(made)))
""",
    "webshop/domain/interactors/look.py": """
from vega.errors import ErrorKind
from vega.di import bind
from vega.patterns import Interactor
from webshop.infrastructure.services.session import Session
class Look(Interactor[int]):
    @bind
    async def call(self, session: Session) -> int:
        return id(session)
class OutOfStockError(Exception):
    kind = ErrorKind.CONFLICT
""",
    "webshop/presentation/web/routes/items.py": """
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from webshop.domain.interactors.look import Look, OutOfStockError
from webshop.infrastructure.services.session import log
router = APIRouter()
class Item(BaseModel):
    name: str
    price: int = 0
@router.get("")
async def look() -> list[int]:
    return [await Look(), await Look()]
@router.post("", status_code=201)
async def make(item: Item) -> Item:
    return item
@router.get("/sold-out")
async def sold_out() -> None:
    raise OutOfStockError("no tea is left")
@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("password=hunter2")
@router.get("/model")
async def model() -> None:
    Item.model_validate({"name": 1})
@router.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks():
        await Look()
        yield "open" if log[-1][0] == "open" else "closed"
    return StreamingResponse(chunks())
""",
    "webshop/presentation/web/routes/admin/user_groups.py": """
from fastapi import APIRouter
router = APIRouter()
@router.get("")
async def groups() -> str:
    return "groups"
""",
    "webshop/presentation/web/routes/own.py": """
from fastapi import APIRouter
router = APIRouter(prefix="/mine", tags=["theirs"])
@router.get("/x")
async def mine() -> str:
    return "mine"
""",
    "webshop/presentation/websocket/echo.py": """
from vega.web import WebSocketHandler
from webshop.domain.interactors.look import Look
log = []
class EchoHandler(WebSocketHandler):
    path = "/ws/echo"
    async def on_message(self, message: str) -> None:
        if message == "scopes":
            await self.send(f"{await Look() == await Look()}")
        else:
            await self.send(message)
    async def on_disconnect(self) -> None:
        log.append("gone")
""",
}

MAIN = """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
"""


def write_project(folder: Path) -> Path:
    """Write the files of the project into a folder."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Give what makes a project for servers, which import it in processes of their own."""
    return lambda: write_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield write_project(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "webshop"]:
        del sys.modules[name]


@pytest.fixture(params=["uvicorn", "granian"])
def served(project: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    (project / "webshop" / "main.py").write_text(MAIN)
    with server(project, request.param) as (port, running):
        yield port
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 0


@contextmanager
def server(project: Path, kind: str, prefix: str = "") -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a real server of the project's application, below a path if given; yield its port and process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (process,) = WebPlugin().processes(Project(root=project, package="webshop"), RunOptions(port=port))
    command = list(process.command)
    if kind == "uvicorn" and prefix:
        command = [sys.executable, "-m", "uvicorn", "--factory", "webshop.main:create_app", "--root-path", prefix]
        command += ["--host", "127.0.0.1", "--port", str(port)]
    if kind == "granian":
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "webshop.main:create_app"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--workers-kill-timeout", "10"]
        command += ["--url-path-prefix", prefix] if prefix else []
    assert process.ready is not None
    with (project / f"log-{port}").open("wb") as log:
        environment = {**os.environ, "PYTHONPATH": str(project)}
        running = subprocess.Popen(command, cwd=project, stdout=log, stderr=log, env=environment)
        try:
            limit = time.monotonic() + 60
            while not process.ready():
                assert running.poll() is None, (project / f"log-{port}").read_text()
                assert time.monotonic() < limit
                time.sleep(0.02)
            yield port, running
        finally:
            running.terminate()
            try:
                running.wait(timeout=20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait(timeout=20)


@pytest.fixture(scope="session", params=["uvicorn", "granian"])
def server_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def start_server() -> Callable[..., AbstractContextManager[tuple[int, subprocess.Popen[bytes]]]]:
    """Give what runs a real server."""
    return server


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a real server: that of VEGA_TEST_REDIS_URL, else a Valkey of our own."""
    given = os.environ.get("VEGA_TEST_REDIS_URL")
    if given:
        yield given
        return
    with valkey(tmp_path_factory.mktemp("valkey")) as (url, _):
        yield url


@pytest.fixture
def start_valkey(tmp_path: Path) -> Callable[[], AbstractContextManager[tuple[str, subprocess.Popen[bytes]]]]:
    """Give what runs a Valkey of the test's own, always at the same address."""
    return lambda: valkey(tmp_path)


def shop_app(
    *routers: APIRouter, values: Mapping[Any, object] | None = None, scoped: Iterable[type] = (), **options: Any
) -> FastAPI:
    """Return the application of a project without files, as `create_app` makes it."""
    container = Container()
    for each in scoped:
        container.register(each, scope=Scope.SCOPED)
    for key, value in (values or {}).items():
        container.register_instance(key, value)
    application = Application(Project(root=Path(), package="none"), container=container, bus=EventBus())
    app = create_app(application, **options)
    for router in routers:
        app.include_router(router)
    return app


@pytest.fixture
def shop() -> Callable[..., FastAPI]:
    """Give what makes the application of a project without files."""
    return shop_app


@pytest.fixture(params=["2.3", "2.4"])
def spec(request: pytest.FixtureRequest) -> str:
    return str(request.param)
