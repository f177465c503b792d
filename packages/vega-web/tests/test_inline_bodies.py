"""Inline functions: bodies of requests and responses that they read and replace."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from web_inline import Endpoint, app_of, chunks, hello, passing, serve, three

from vega.web import MiddlewareError


def test_what_a_function_reads_of_the_body_goes_down_all_the_same(spec: str) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def reading(request: Request, call_next: Any) -> Any:
        body = await request.body()
        response = await call_next(request)
        response.headers["x-length"] = str(len(body))
        return response

    answer = serve(app_of(echo, reading, passing, reading), spec, body=(b"abc", b"def"))

    assert (answer.text, answer.headers["x-length"]) == ("abcdef", "6")


def test_a_function_may_read_a_part_of_the_body(spec: str) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def first_piece(request: Request, call_next: Any) -> Any:
        async for _ in request.stream():
            break
        return await call_next(request)

    assert serve(app_of(echo, first_piece), spec, body=(b"abc", b"def")).text == "abcdef"


def test_asking_whether_the_client_has_gone_takes_nothing(spec: str) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def asking(request: Request, call_next: Any) -> Any:
        assert not await request.is_disconnected()
        return await call_next(request)

    assert serve(app_of(echo, asking), spec, body=(b"abc",)).text == "abc"


def test_a_function_may_give_another_request_down(spec: str) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def other(request: Request, call_next: Any) -> Any:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"other", "more_body": False}

        return await call_next(Request(dict(request.scope), receive))

    assert serve(app_of(echo, other), spec, body=(b"mine",)).text == "other"


def test_a_body_read_too_late_is_told(spec: str) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def late(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        await request.body()
        return response

    with pytest.raises(MiddlewareError, match=r"await request\.body\(\) before call_next"):
        serve(app_of(echo, late), spec, body=(b"abc",))


@pytest.mark.parametrize("keeps", [False, True])
def test_call_next_may_be_called_again(spec: str, keeps: bool) -> None:
    attempts: list[bytes] = []

    async def flaky(request: Request) -> Response:
        attempts.append(await request.body())
        return PlainTextResponse(f"attempt {len(attempts)}", 503 if len(attempts) == 1 else 200)

    async def again(request: Request, call_next: Any) -> Any:
        if keeps:
            await request.body()
        response = await call_next(request)
        return response if response.status_code == 200 else await call_next(request)

    answer = serve(app_of(flaky, again, passing), spec, body=(b"abc",) if keeps else (b"",))

    assert (answer.status, answer.text) == (200, "attempt 2")
    assert attempts[0] == attempts[1]


def test_every_run_of_the_application_gets_an_empty_body_once(spec: str) -> None:
    got: list[list[str]] = []

    async def application(request: Request) -> Response:
        got.append([(await request.receive())["type"]])
        with anyio.move_on_after(0.01):
            got[-1].append((await request.receive())["type"])
        return PlainTextResponse("x")

    async def thrice(request: Request, call_next: Any) -> Any:
        await call_next(request)
        await call_next(request)
        return await call_next(request)

    assert serve(app_of(application, thrice), spec, body=(b"",)).status == 200
    assert got == [["http.request"]] * 3


def test_a_second_call_whose_body_has_gone_is_told(spec: str) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def again(request: Request, call_next: Any) -> Any:
        await call_next(request)
        return await call_next(request)

    with pytest.raises(MiddlewareError, match="called again after the body"):
        serve(app_of(echo, again), spec, body=(b"abc",))


@pytest.mark.parametrize("endpoint", [hello, three])
def test_a_response_that_was_given_up_cannot_be_sent(spec: str, endpoint: Endpoint) -> None:
    async def first(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        await call_next(request)
        return response

    with pytest.raises(MiddlewareError, match="called again"):
        serve(app_of(endpoint, first), spec)


@pytest.mark.parametrize("endpoint", [hello, three])
def test_a_body_that_was_read_is_sent_all_the_same(spec: str, endpoint: Endpoint) -> None:
    read: list[bytes] = []

    async def reading(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        read.append(b"".join([chunk async for chunk in response.body_iterator]))
        read.append(b"".join([chunk async for chunk in response.body_iterator]))
        return response

    answer = serve(app_of(endpoint, passing, reading), spec)

    assert answer.is_whole
    assert read == [answer.text.encode()] * 2
    assert answer.text in {"hello", "0 1 2 "}


def test_a_body_that_was_read_in_part_is_sent_whole(spec: str) -> None:
    async def reading(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        async for _ in response.body_iterator:
            break
        return response

    assert serve(app_of(three, reading), spec).text == "0 1 2 "


def test_a_body_can_be_rewritten_as_it_passes(spec: str) -> None:
    log: list[str] = []

    async def endpoint(_: Request) -> Response:
        return PlainTextResponse("hello", background=BackgroundTask(log.append, "background"))

    async def shouting(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        inner = response.body_iterator

        async def upper() -> AsyncIterator[Any]:
            async for chunk in inner:
                yield chunk.upper()
            yield "!"

        response.body_iterator = upper()
        assert response.body_iterator is not inner
        return response

    answer = serve(app_of(endpoint, shouting), spec)

    assert (answer.text, answer.is_whole, log) == ("HELLO!", True, ["background"])
    assert "content-length" not in answer.headers


def test_a_body_built_anew_from_the_one_that_was_read(spec: str) -> None:
    async def wrapping(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        body = b"".join([chunk async for chunk in response.body_iterator])
        return PlainTextResponse(b"<" + body + b">", response.status_code)

    assert serve(app_of(three, wrapping), spec).text == "<0 1 2 >"


def test_an_error_in_a_body_that_is_read_surfaces_where_it_is_read(spec: str) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("broken")

    async def endpoint(_: Request) -> Response:
        return StreamingResponse(breaking())

    async def reading(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        with pytest.raises(ValueError, match="broken"):
            async for _ in response.body_iterator:
                pass
        return PlainTextResponse("mended")

    assert serve(app_of(endpoint, reading), spec).text == "mended"


def test_a_file_that_the_server_would_send_can_be_read(spec: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"of the file")

    async def endpoint(_: Request) -> Response:
        return FileResponse(tmp_path / "file")

    async def wrapping(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        return PlainTextResponse(b"".join([chunk async for chunk in response.body_iterator]))

    sends_paths = {"extensions": {"http.response.pathsend": {}}}
    untouched = serve(app_of(endpoint, passing), spec, **sends_paths)

    assert untouched.messages[-1]["type"] == "http.response.pathsend"
    assert serve(app_of(endpoint, wrapping), spec, **sends_paths).text == "of the file"


def test_a_stream_of_a_child_task_cannot_be_taken_from_a_task_of_its_own(spec: str) -> None:
    class FromChildTask(StreamingResponse):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.stream_response(send))

    log: list[str] = []

    async def endpoint(_: Request) -> Response:
        return StreamingResponse(chunks(2, log))

    async def in_child_task(_: Request) -> Response:
        return FromChildTask(chunks(2, log))

    async def apart(request: Request, call_next: Any) -> Any:
        return await asyncio.ensure_future(call_next(request))

    with pytest.raises(MiddlewareError, match=r"asyncio\.timeout"):
        serve(app_of(in_child_task, apart), spec)
    assert serve(app_of(endpoint, apart), spec).text == "0 1 "
    assert serve(app_of(hello, apart), spec).text == "hello"


def test_a_function_that_returns_nothing_is_named(spec: str) -> None:
    async def forgetful(request: Request, call_next: Any) -> Any:
        await call_next(request)

    with pytest.raises(MiddlewareError, match="forgetful returned NoneType"):
        serve(app_of(hello, passing, forgetful), spec)


def test_a_body_of_a_response_that_was_given_up_cannot_be_read(spec: str) -> None:
    async def first(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        last = await call_next(request)
        async for _ in response.body_iterator:
            pass
        return last

    with pytest.raises(MiddlewareError, match="called again"):
        serve(app_of(hello, first), spec)
