"""Inline functions around an application, at ASGI 2.3 and 2.4: what flows through them."""

import asyncio
import contextvars
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from web_inline import Endpoint, Server, app_of, chunks, header, hello, passing, serve, three


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("endpoint", [hello, three])
def test_ten_functions_change_headers_and_leave_the_body_as_it_is(spec: str, endpoint: Endpoint, apart: bool) -> None:
    plain = serve(app_of(endpoint), spec)

    answer = serve(app_of(endpoint, *[header(f"x-{n}") for n in range(10)], apart=apart), spec)

    assert answer.status == 201
    assert [answer.headers[f"x-{n}"] for n in range(10)] == ["1"] * 10
    assert answer.messages[1:] == plain.messages[1:]


def test_cookies_are_set_as_on_any_response(spec: str) -> None:
    async def cookie(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.set_cookie("seen", "yes")
        return response

    assert serve(app_of(hello, cookie), spec).headers["set-cookie"].startswith("seen=yes")


def test_context_variables_flow_both_ways(spec: str) -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    seen: list[str] = []

    async def endpoint(_: Request) -> Response:
        seen.append(variable.get())
        variable.set("from the endpoint")
        return StreamingResponse(chunks(1))

    async def outer(request: Request, call_next: Any) -> Any:
        variable.set("from the middleware")
        response = await call_next(request)
        seen.append(variable.get())
        return response

    serve(app_of(endpoint, outer), spec)

    assert seen == ["from the middleware", "from the endpoint"]


def test_everything_runs_in_the_task_of_the_request(spec: str) -> None:
    tasks: list[Any] = []

    async def endpoint(_: Request) -> Response:
        tasks.append(asyncio.current_task())
        return PlainTextResponse("")

    async def noting(request: Request, call_next: Any) -> Any:
        tasks.append(asyncio.current_task())
        return await call_next(request)

    serve(app_of(endpoint, noting, noting), spec)

    assert len(set(tasks)) == 1


def test_a_stream_is_sent_piece_by_piece_as_it_comes(spec: str) -> None:
    async def main() -> list[int]:
        may_go_on = asyncio.Event()
        counts: list[int] = []

        async def slow() -> AsyncIterator[bytes]:
            yield b"a"
            await may_go_on.wait()
            yield b"b"

        async def endpoint(_: Request) -> Response:
            return StreamingResponse(slow())

        server = Server(app_of(endpoint, passing, passing), spec)
        running = asyncio.ensure_future(server.serve())
        while not server.pieces:
            server.progress.clear()
            await server.progress.wait()
        counts.append(len(server.pieces))
        may_go_on.set()
        await running
        counts.append(len(server.pieces))
        return counts

    assert asyncio.run(main()) == [1, 3]


def test_background_work_runs_once_after_the_last_byte(spec: str) -> None:
    log: list[str] = []

    async def endpoint(_: Request) -> Response:
        return StreamingResponse(chunks(1, log), background=BackgroundTask(log.append, "background"))

    async def adds(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.background = BackgroundTask(log.append, "of the middleware")
        return response

    assert serve(app_of(endpoint, adds), spec).is_whole
    assert log == ["generator ended", "background", "of the middleware"]


def test_an_exception_surfaces_at_call_next(spec: str) -> None:
    caught: list[BaseException] = []

    async def endpoint(_: Request) -> Response:
        raise KeyError("unknown")

    async def mapping(request: Request, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except KeyError as error:
            caught.append(error)
            return PlainTextResponse("mapped", 418)

    answer = serve(app_of(endpoint, passing, mapping, passing), spec)

    assert (answer.status, answer.text, len(caught)) == (418, "mapped", 1)
