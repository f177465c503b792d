"""Scopes of anyio around streams on real servers, which speak ASGI 2.3, and clients that leave their streams."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import MAIN

CONFIG = """
import anyio
from fastapi.responses import PlainTextResponse
from vega.web import MiddlewarePipeline

async def limited(request, call_next):
    try:
        with anyio.fail_after(0.5):
            return await call_next(request)
    except TimeoutError:
        return PlainTextResponse("too late", 504)

async def moved_on(request, call_next):
    response = PlainTextResponse("too late", 504)
    with anyio.move_on_after(5):
        response = await call_next(request)
    return response

def ten(builder):
    for number in range(9):
        builder.use_inline(name=f"moved_on_{number}")(moved_on)
    builder.use_inline(limited)

pipeline = MiddlewarePipeline()
pipeline.use_when(lambda connection: "/ten/" in connection.url.path, ten)
pipeline.use_when(lambda connection: "/one/" in connection.url.path, lambda builder: builder.use_inline(limited))
"""
ROUTES = """
import asyncio
import anyio
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask
from vega.web import EventStream, Router

log = []

async def pieces(seconds):
    with anyio.move_on_after(30):
        try:
            for number in range(3):
                yield f"{number} "
                await asyncio.sleep(seconds)
        finally:
            log.append("closed")

router = ROUTER()

@router.get("/{count}/slow-head")
async def slow_head(count: str) -> StreamingResponse:
    await asyncio.sleep(5)
    return StreamingResponse(pieces(0))

@router.get("/{count}/slow-stream")
async def slow_stream(count: str) -> StreamingResponse:
    return StreamingResponse(pieces(0.3), background=BackgroundTask(log.append, "afterwards"))

@router.get("/{count}/waiting")
async def waiting(count: str) -> StreamingResponse:
    return StreamingResponse(pieces(60))

@router.get("/{count}/events")
async def events(count: str) -> EventStream:
    return EventStream(pieces(60))

@router.post("/{count}/echo")
async def echo(count: str, request: Request) -> StreamingResponse:
    async def body():
        yield b"heard "
        await asyncio.sleep(0.05)
        async for chunk in request.stream():
            yield chunk
    return StreamingResponse(body())

@router.get("/{count}/log")
async def noted(count: str) -> list[str]:
    heard, log[:] = list(log), []
    return heard
"""


@pytest.fixture(scope="module")
def streaming(projects: Any) -> Path:
    folder: Path = projects()
    (folder / "webshop/config.py").write_text(CONFIG)
    for kind in ("Router", "APIRouter"):
        text = ROUTES.replace("ROUTER", kind)
        (folder / f"webshop/presentation/web/routes/{kind.lower()}.py").write_text(text)
    (folder / "webshop/main.py").write_text(MAIN)
    return folder


@pytest.fixture(scope="module")
def port(streaming: Path, server_kind: str, start_server: Any) -> Iterator[int]:
    with start_server(streaming, server_kind) as (port, _):
        yield port


@pytest.fixture
def url(port: int, count: str, kind: str) -> str:
    return f"http://127.0.0.1:{port}/{kind}/{count}"


def noted(url: str, word: str) -> list[str]:
    """Return the log once it has a word."""
    limit, heard = time.monotonic() + 5, list[str]()
    while word not in heard and time.monotonic() < limit:
        heard += httpx.get(f"{url}/log").json()
        time.sleep(0.01)
    return heard


@pytest.mark.parametrize("kind", ["router", "apirouter"])
@pytest.mark.parametrize("count", ["no", "one", "ten"])
def test_a_stream_within_scopes_of_anyio_is_whole_or_too_late(url: str, count: str, port: int, streaming: Path) -> None:
    whole = httpx.get(f"{url}/slow-stream")
    heard = noted(url, "afterwards")

    assert (whole.status_code, whole.text) == (200, "0 1 2 ")
    assert heard == ["closed", "afterwards"]
    if count != "no":
        late = httpx.get(f"{url}/slow-head")
        echoed = httpx.post(f"{url}/echo", content=b"x" * 100_000)  # read while the answer is streamed
        assert (late.status_code, late.text) == (504, "too late")
        assert echoed.content == b"heard " + b"x" * 100_000
    assert "Traceback" not in (streaming / f"log-{port}").read_text()


@pytest.mark.parametrize("kind", ["router", "apirouter"])
@pytest.mark.parametrize("count", ["no", "one", "ten"])
@pytest.mark.parametrize("path", ["waiting", "events"])
def test_a_client_that_leaves_ends_a_stream_that_waits_and_nothing_is_logged(
    url: str, path: str, port: int, streaming: Path
) -> None:
    target = url.partition(str(port))[2]
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(f"GET {target}/{path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            received = b""
            while b"0 " not in received:
                received += connection.recv(4096)
        assert noted(url, "closed") == ["closed"]
    assert "Traceback" not in (streaming / f"log-{port}").read_text()
