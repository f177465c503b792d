"""The pipeline of a project's config module: in process, and on a real server over real sockets."""

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from vega.core import Application, ConfigurationErrors
from vega.testing import client_for
from vega.web import create_app

CONFIG = """
import asyncio
from starlette.responses import PlainTextResponse
from vega.errors import ErrorKind
from vega.di import bind
from vega.web import MiddlewarePipeline
from webshop.infrastructure.services.session import Session

pipeline = MiddlewarePipeline()
class RefusedError(Exception):
    kind = ErrorKind.FORBIDDEN
class RequestIdMiddleware:
    def __init__(self, app): self.app = app
    async def __call__(self, scope, receive, send):
        async def sending(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", b"1")]
            await send(message)
        await self.app(scope, receive, sending)
@bind
async def session_id(session: Session) -> int:
    return id(session)
@pipeline.use_inline
async def session(request, call_next):
    response = await call_next(request)
    response.headers["x-session"] = str(await session_id())
    return response
@pipeline.use_inline(after="request_id")
async def guard(request, call_next):
    if request.url.path == "/refused":
        raise RefusedError("not you")
    if request.url.path == "/crash":
        raise RuntimeError("password=hunter2")
    try:
        async with asyncio.timeout(1):
            return await call_next(request)
    except TimeoutError:
        return PlainTextResponse("too late", 504)
pipeline.use(RequestIdMiddleware, priority=10)
"""

ROUTES = """
import asyncio
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
router = APIRouter()
log = []
def numbers(fail):
    async def chunks():
        try:
            for number in range(3):
                yield f"{number} "
                await asyncio.sleep(0.01)
            if fail:
                raise ValueError("broken")
        finally:
            log.append("ended")
    return chunks()
@router.get("/whole")
async def whole() -> StreamingResponse:
    return StreamingResponse(numbers(False))
@router.get("/broken")
async def broken() -> StreamingResponse:
    return StreamingResponse(numbers(True))
@router.get("/endless")
async def endless() -> StreamingResponse:
    async def chunks():
        try:
            while True:
                yield "x"
                await asyncio.sleep(0.005)
        finally:
            log.append("endless ended")
    return StreamingResponse(chunks())
@router.get("/slow")
async def slow() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        log.append("slow ended")
@router.get("/log")
async def told() -> list[str]:
    return log
"""


@pytest.fixture
def project(project: Path) -> Path:
    (project / "webshop/config.py").write_text(CONFIG)
    (project / "webshop/presentation/web/routes/streams.py").write_text(ROUTES)
    return project


def ask(project: Path, *paths: str) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(create_app(Application.load(project))) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(main())


def test_every_answer_passes_the_pipeline_problems_included(project: Path) -> None:
    answers = ask(project, "/items", "/items/sold-out", "/items/broken", "/nowhere", "/streams/slow")

    assert [answer.status_code for answer in answers] == [200, 409, 500, 404, 504]
    assert [answer.headers["x-request-id"] for answer in answers] == ["1"] * 5


def test_the_pipeline_shares_the_scope_of_the_request(project: Path) -> None:
    (answer,) = ask(project, "/items")

    assert answer.headers["x-session"] == str(answer.json()[0])


@pytest.mark.parametrize(("path", "status"), [("/refused", 403), ("/crash", 500)])
def test_what_a_middleware_raises_is_a_problem_document_too(project: Path, path: str, status: int) -> None:
    (answer,) = ask(project, path)

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ('pipeline.use(RequestIdMiddleware, name="x", after="nothing")', 1),
        ('pipeline.use(RequestIdMiddleware, name="x", after="nothing", colour="red")', 2),
    ],
)
def test_mistakes_in_the_pipeline_are_told_with_the_others(project: Path, more: str, count: int) -> None:
    with (project / "webshop/config.py").open("a") as config:
        config.write(more)
    (project / "webshop/presentation/web/routes/empty.py").write_text("x = 1\n")

    with pytest.raises(ConfigurationErrors) as caught:
        create_app(Application.load(project))

    assert len(caught.value.exceptions) == count + 1
    assert "no middleware is called nothing" in str(caught.value)


FUNCTION = """
from vega.web.middleware import MiddlewarePipeline, SecurityHeadersMiddleware
from webshop.settings import Settings
def pipeline(settings: Settings) -> MiddlewarePipeline:
    return MiddlewarePipeline().use(SecurityHeadersMiddleware, headers={"x-profile": settings.profile})
"""


def test_a_module_of_its_own_makes_the_pipeline_from_the_settings(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEGA_PROFILE", "production")
    (project / "webshop/config.py").write_text("")
    (project / "webshop/presentation/web/pipeline.py").write_text(FUNCTION)

    (answer,) = ask(project, "/items")

    assert (answer.headers["x-profile"], answer.headers["x-frame-options"]) == ("production", "DENY")


def test_two_pipelines_are_an_error_that_names_both(project: Path) -> None:
    (project / "webshop/presentation/web/pipeline.py").write_text(FUNCTION)

    with pytest.raises(ConfigurationErrors) as caught:
        create_app(Application.load(project))

    (error,) = caught.value.exceptions
    assert "two pipelines" in str(error)
    assert "webshop.config.pipeline and webshop.presentation.web.pipeline.pipeline" in str(error)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1", "defines no function pipeline"),
        ("def pipeline(): return 1", "returns a int"),
        ("def pipeline(): raise KeyError('oops')", "KeyError: 'oops'"),
        ("class Lost: ...\ndef pipeline(lost: Lost): ...", "Lost"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("pipeline = 5", "defines no function pipeline"),
    ],
)
def test_a_module_that_makes_no_pipeline_is_reported_at_start(project: Path, source: str, said: str) -> None:
    (project / "webshop/config.py").write_text("")
    (project / "webshop/presentation/web/pipeline.py").write_text(source)

    with pytest.raises(ConfigurationErrors) as caught:
        create_app(Application.load(project))

    (error,) = caught.value.exceptions
    assert said in str(error)
    assert "webshop" in str(error)


def test_a_pipeline_serves_every_application_that_is_made(project: Path) -> None:
    first, second = ask(project, "/items")[0], ask(project, "/items")[0]

    assert first.headers["x-request-id"] == second.headers["x-request-id"] == "1"


def test_streams_on_a_server_are_whole_or_seen_to_be_broken(served: int) -> None:
    base = f"http://127.0.0.1:{served}/streams"

    assert httpx.get(f"{base}/whole").text == "0 1 2 "
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{base}/broken")
    assert httpx.get(f"{base}/slow").status_code == 504
    assert httpx.get(f"{base}/whole").headers["x-request-id"] == "1"
    assert httpx.get(f"{base}/log").json() == ["ended", "ended", "slow ended", "ended"]


@pytest.mark.once
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_tells_a_broken_stream_from_a_whole_one(served: int) -> None:
    def curl(path: str) -> Any:
        command = ["curl", "-s", "-m", "10", f"http://127.0.0.1:{served}/streams/{path}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    whole, broken = curl("whole"), curl("broken")

    assert (whole.returncode, whole.stdout) == (0, "0 1 2 ")
    assert (broken.returncode, broken.stdout) == (18, "0 1 2 ")


def test_a_client_that_leaves_an_endless_stream_ends_it(served: int) -> None:
    with httpx.stream("GET", f"http://127.0.0.1:{served}/streams/endless") as answer:
        first = next(answer.iter_text())

    async def until_ended() -> list[str]:
        async with asyncio.timeout(10), httpx.AsyncClient() as client:
            log: list[str] = []
            while "endless ended" not in log:
                log = (await client.get(f"http://127.0.0.1:{served}/streams/log")).json()
            return log

    assert first.startswith("x")
    assert asyncio.run(until_ended()) == ["endless ended"]


def test_what_middleware_lacks_is_in_the_report_of_the_start(project: Path) -> None:
    (project / "webshop/config.py").write_text(
        "from vega.di import Inject\nfrom vega.web import MiddlewarePipeline\n"
        "from webshop.infrastructure.services.broken import Absent\npipeline = MiddlewarePipeline()\n"
        "class Header:\n    def __init__(self, app, absent: Absent):\n        self.app = app\n"
        "    async def __call__(self, scope, receive, send):\n        await self.app(scope, receive, send)\n"
        "pipeline.use(Header)\n@pipeline.use_inline\n"
        "async def stamp(request, call_next, absent: Inject[Absent]):\n    return await call_next(request)\n"
    )
    (project / "webshop/infrastructure/services/broken.py").write_text(
        "from vega.di import injectable\nclass Absent: ...\nclass Other: ...\n"
        "@injectable\nclass Broken:\n    def __init__(self, other: Other): ...\n"
    )

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(project)

    report = str(caught.value)
    for words in ("nothing provides Other", "Header cannot be created", "stamp cannot be called"):
        assert report.count(words) == 1


@pytest.mark.parametrize("kind", ["Absent", "Inject[Absent]", "Lazy[Absent]"])
def test_an_inline_function_that_takes_what_nothing_provides_stops_the_start(project: Path, kind: str) -> None:
    (project / "webshop/config.py").write_text(
        "from vega.di import Inject, Lazy\nfrom vega.web import MiddlewarePipeline\npipeline = MiddlewarePipeline()\n"
        "class Absent: ...\n@pipeline.use_inline\n"
        f"async def stamp(request, call_next, absent: {kind}):\n    return await call_next(request)\n"
    )

    with pytest.raises(ConfigurationErrors) as caught:
        create_app(Application.load(project))

    assert "stamp cannot be called: missing a required argument: 'absent'" in str(caught.value)
