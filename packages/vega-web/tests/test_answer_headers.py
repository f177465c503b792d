"""Headers that would end their line are refused before a server sees them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from vega.testing import client_for
from vega.web import CORSMiddleware, MiddlewarePipeline, Router, WebError
from vega.web._problems.answer_headers import check_headers
from vega.web.middleware import RequestIdMiddleware

Shop = Callable[..., FastAPI]
SPLIT = "a\r\nset-cookie: evil=1"
VALUES = [SPLIT, "a\nb", "a\rb", "a\0b", "\n"]


@given(st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=5)), max_size=4))
def test_headers_pass_unless_they_hold_cr_lf_or_nul(headers: list[tuple[bytes, bytes]]) -> None:
    is_bad = any(sign in name + value for name, value in headers for sign in (b"\r", b"\n", b"\0"))
    scope = {"method": "GET", "path": "/"}

    if is_bad:
        with pytest.raises(WebError, match="contains CR, LF or NUL"):
            check_headers(headers, scope)
    else:
        check_headers(headers, scope)


def app_of(shop: Shop, value: str) -> FastAPI:
    router, pipeline = Router(), MiddlewarePipeline()

    @router.get("/route")
    async def route() -> Response:
        return Response("body", headers={"x-value": value})

    @router.get("/name")
    async def name() -> Response:
        return Response("body", headers={value: "x"})

    @router.get("/fast")
    async def fast(response: Response) -> str:
        response.headers["x-value"] = value
        return "body"

    async def adding(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-value"] = value
        return response

    @router.get("/own", middleware=[adding])
    async def own() -> str:
        return "body"

    @router.get("/inline")
    async def inline() -> str:
        return "body"

    @pipeline.use_inline
    async def outside(request: Any, call_next: Any) -> Any:
        return await (adding(request, call_next) if request.url.path == "/inline" else call_next(request))

    pipeline.use(RequestIdMiddleware).use(CORSMiddleware, allow_origins=["https://shop.example"])
    return shop(router, pipeline=pipeline)


@pytest.mark.parametrize("path", ["/route", "/name", "/fast", "/own", "/inline"])
@pytest.mark.parametrize("value", VALUES)
def test_a_header_that_ends_its_line_is_a_problem_and_logged(
    shop: Shop, path: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> httpx.Response:
        async with client_for(app_of(shop, value)) as client:
            return await client.get(path, headers={"origin": "https://shop.example"})

    with caplog.at_level(logging.ERROR):
        answer = asyncio.run(main())

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert path == "/inline" or answer.headers["access-control-allow-origin"] == "https://shop.example"
    (record,) = caplog.records
    assert record.exc_info is not None
    assert f"test_answer_headers.py:{line_of_endpoint(path)}" in str(record.exc_info[1])
    assert "evil" not in answer.text


def line_of_endpoint(path: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if f'@router.get("{path}"' in line)


ROUTES = """
from fastapi import Response
from vega.web import Router
router = Router()
@router.get("/split")
async def split() -> Response:
    return Response("body", headers={"x-value": "a" + chr(13) + chr(10) + "set-cookie: evil=1"})
@router.get("/nul")
async def nul() -> Response:
    return Response("body", headers={"x-value": "a" + chr(0) + "b"})
@router.get("/lf")
async def lf() -> Response:
    return Response("body", headers={"x-value": "a" + chr(10) + "b"})
"""
MAIN = """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
"""


@pytest.fixture(scope="module")
def port(projects: Any, server_kind: str, start_server: Any) -> Iterator[tuple[int, Any]]:
    folder = projects()
    (folder / "webshop/main.py").write_text(MAIN)
    (folder / "webshop/presentation/web/routes/headers.py").write_text(ROUTES)
    with start_server(folder, server_kind) as (port, _):
        yield port, folder / f"log-{port}"


@pytest.mark.parametrize("name", ["split", "nul", "lf"])
def test_servers_answer_a_problem_and_log_the_line(port: tuple[int, Any], name: str) -> None:
    number, log = port
    with socket.create_connection(("127.0.0.1", number), timeout=10) as connection:
        connection.sendall(f"GET /headers/{name} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        answer = b""
        while data := connection.recv(65536):
            answer += data

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"application/problem+json" in answer
    assert b"evil" not in answer
    line = next(n for n, text in enumerate(ROUTES.splitlines(), 1) if f'"/{name}"' in text)
    assert f"headers.py:{line}" in log.read_text()
