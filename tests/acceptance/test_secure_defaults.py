"""A generated project refuses what an attacker sends first, on both servers, without a line written by hand."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

BIN = Path(sys.executable).parent
COMMANDS = (
    "init shop --no-install --with data,web,graphql",
    "generate resource Account email:str:unique password:str:min=8 name:str",
    "migrate upgrade",
)
LAB = '''
"""Routes of the test."""

import asyncio

from fastapi import Request
from vega.web import EventStream, Router

router = Router()


async def count(request: Request) -> int:
    return len(await request.body())


router.add_api_route("/count", count, methods=["POST"])
router.add_api_route("/photos", count, methods=["POST"], max_body=2 * 1024 * 1024)


@router.get("/slow")
async def slow() -> None:
    await asyncio.sleep(60)


@router.get("/events")
async def events() -> EventStream:
    async def numbers():
        for number in range(3):
            await asyncio.sleep(0.5)
            yield {"number": number}

    return EventStream(numbers())
'''
SERVERS = {
    "uvicorn": ["uvicorn", "--factory", "shop.main:create_app"],
    "granian": ["granian", "--interface", "asgi", "--factory", "shop.main:create_app"],
}
LARGE = b"x" * (1024 * 1024 + 1)
PRIVATE = "hunter2hunter2"


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VEGA_", "DATABASE_"))}
    return {**kept, **more}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secure")
    for words in COMMANDS:
        place = folder / "shop" if (folder / "shop").exists() else folder
        command = [str(BIN / "vega"), *words.split()]
        subprocess.run(command, check=True, cwd=place, env=environment(), timeout=120, capture_output=True)
    (folder / "shop/shop/presentation/web/routes/lab.py").write_text(LAB)
    pipeline = folder / "shop/shop/presentation/web/pipeline.py"
    pipeline.write_text(pipeline.read_text().replace("seconds=30", "seconds=1"))
    return folder / "shop"


@contextmanager
def served(shop: Path, kind: str, variables: Mapping[str, str]) -> Iterator[tuple[httpx.Client, Path]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [str(BIN / SERVERS[kind][0]), *SERVERS[kind][1:], "--host", "127.0.0.1", "--port", str(port)]
    log = shop / f"{kind}.log"
    with log.open("wb") as file:
        running = subprocess.Popen(command, cwd=shop, stdout=file, stderr=file, env=environment(**variables))
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
                wait_for(client, log)
                yield client, log
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=30)


def wait_for(client: httpx.Client, log: Path) -> None:
    limit = time.monotonic() + 60
    while True:
        try:
            client.get("/health/live")
        except httpx.TransportError:
            assert time.monotonic() < limit, log.read_text()
            time.sleep(0.1)
        else:
            return


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", SERVERS)
def test_a_generated_project_is_secure_by_default(shop: Path, kind: str) -> None:
    with served(shop, kind, {"VEGA_PROFILE": "production", "VEGA_ALLOWED_HOSTS": "127.0.0.1,*.shop.example"}) as (
        client,
        log,
    ):
        account = {"email": f"{kind}@shop.example", "name": "Ada", "password": PRIVATE}

        def status(method: str, path: str, **options: object) -> int:
            return client.request(method, path, **options).status_code  # type: ignore[arg-type] # of httpx

        made = client.post("/accounts", json=account)
        listed = client.get("/accounts")
        hosts = [
            status("GET", path, headers={"host": host})
            for path, host in (
                ("/accounts", "evil.example"),
                ("/accounts", "www.shop.example"),
                ("/health/live", "10.1.2.3"),
            )
        ]
        bodies = [
            status("POST", "/lab/count", content=LARGE),
            status("POST", "/lab/count", content=iter([LARGE])),
            status("POST", "/graphql", content=LARGE, headers={"content-type": "application/json"}),
            status("POST", "/lab/photos", content=LARGE),
            status("POST", "/accounts", json={**account, "name": "x" * 10_001}),
        ]
        private = [
            status("GET", "/accounts", params={question: value})
            for question, value in (("password", "a"), ("password__startswith", "h"), ("sort", "password"))
        ]
        slow, events = status("GET", "/lab/slow"), client.get("/lab/events")
        mutation = client.post("/graphql", json={"query": "{ accounts { id password } }"})
        pages = [status("GET", path) for path in ("/docs", "/openapi.json")]

    assert (made.status_code, set(made.json())) == (201, {"id", "email", "name"})
    assert made.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert made.headers["x-request-id"]
    assert PRIVATE not in listed.text
    assert hosts == [400, 200, 200]
    assert bodies == [413, 413, 413, 200, 422]
    assert private == [422, 422, 422]
    assert (slow, events.text.count("number")) == (504, 3)
    assert "Cannot query field 'password'" in json.dumps(mutation.json())
    assert pages == [404, 404]
    assert "Traceback" not in log.read_text()
    assert PRIVATE not in log.read_text()


BANNER = "BannerMiddleware"
MIDDLEWARE = '''
"""A middleware whose constructor the container fills."""

from starlette.types import ASGIApp, Receive, Scope, Send

from shop.settings import Settings


class BannerMiddleware:
    """Adds the name of the application."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app, self.name = app, settings.app_name.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        await self.app(scope, receive, send)
'''


@pytest.mark.full
@pytest.mark.timeout(300)
def test_constructors_that_the_container_fills_pass_strict_types(tmp_path: Path) -> None:
    def run(*words: str, place: Path) -> str:
        command = [str(BIN / words[0]), *words[1:]]
        done = subprocess.run(
            command, check=False, cwd=place, env=environment(), timeout=240, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("vega", "init", "shop", "--no-install", "--with", "web", place=tmp_path)
    web = tmp_path / "shop/shop/presentation/web"
    (web / "middleware").mkdir()
    (web / "middleware/banner.py").write_text(MIDDLEWARE.lstrip())
    text = (web / "pipeline.py").read_text()
    for before, line in (
        ("from shop.settings", f"from shop.presentation.web.middleware.banner import {BANNER}\n"),
        ("        .use(TimeoutMiddleware", f"        .use({BANNER})\n"),
    ):
        assert before in text
        text = text.replace(before, line + before)
    (web / "pipeline.py").write_text(text)

    run("mypy", place=tmp_path / "shop")
    assert "banner" in run("vega", "routes", "--middleware", place=tmp_path / "shop")
    assert "0 errors, 0 warnings" in run("vega", "doctor", "--strict", place=tmp_path / "shop")
