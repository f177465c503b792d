"""Inline functions: exceptions, replaced responses, time limits, and clients that leave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import anyio
import pytest
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from web_inline import Server, app_of, around, passing, serve


@pytest.mark.parametrize("apart", [False, True])
def test_an_exception_in_a_stream_leaves_it_broken(spec: str, apart: bool) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("broken")

    async def endpoint(_: Request) -> Response:
        return StreamingResponse(breaking())

    async def main() -> Server:
        server = Server(app_of(endpoint, *[passing] * 10, apart=apart), spec)
        with pytest.raises(ValueError, match="broken"):
            await server.serve()
        return server

    answer = asyncio.run(main())

    assert answer.text == "half"
    assert not answer.is_whole


@pytest.mark.parametrize("error", [HTTPException(403), RuntimeError("mine")])
def test_an_exception_of_a_function_after_call_next_ends_the_application(spec: str, error: Exception) -> None:
    log: list[str] = []

    async def endpoint(_: Request) -> Response:
        return PlainTextResponse("hello", background=BackgroundTask(log.append, "background"))

    async def failing(request: Request, call_next: Any) -> Any:
        await call_next(request)
        raise error

    async def main() -> Server:
        server = Server(app_of(endpoint, failing), spec)
        with pytest.raises(type(error)):
            await server.serve()
        return server

    assert asyncio.run(main()).status == 500  # of Starlette's outermost middleware
    assert log == ["background"]


def test_a_function_that_does_not_call_next_answers_alone(spec: str) -> None:
    async def closed(request: Request, call_next: Any) -> Any:
        return PlainTextResponse("closed", 503)

    async def endpoint(_: Request) -> Response:
        raise AssertionError

    assert serve(app_of(endpoint, passing, closed, passing), spec).status == 503


def test_a_replaced_response_lets_the_background_work_of_the_first_run(spec: str) -> None:
    log: list[str] = []

    async def endpoint(_: Request) -> Response:
        return PlainTextResponse("first", background=BackgroundTask(log.append, "background"))

    async def other(request: Request, call_next: Any) -> Any:
        await call_next(request)
        return PlainTextResponse("second")

    answer = serve(app_of(endpoint, passing, other), spec)

    assert answer.text == "second"
    assert [message["type"] for message in answer.messages] == ["http.response.start", "http.response.body"]
    assert log == ["background"]


def test_a_replaced_stream_without_end_is_ended(spec: str) -> None:
    async def endpoint(_: Request) -> Response:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x"
                await asyncio.sleep(0)

        return StreamingResponse(endless())

    async def other(request: Request, call_next: Any) -> Any:
        await call_next(request)
        return PlainTextResponse("second")

    assert serve(app_of(endpoint, other), spec).text == "second"


def test_an_error_of_work_after_a_replaced_response_is_raised(spec: str) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def endpoint(_: Request) -> Response:
        return PlainTextResponse("first", background=BackgroundTask(fail))

    async def other(request: Request, call_next: Any) -> Any:
        await call_next(request)
        return PlainTextResponse("second")

    with pytest.raises(ZeroDivisionError):
        serve(app_of(endpoint, other), spec)


@pytest.mark.parametrize("waits_in", ["endpoint", "stream"])
def test_a_time_limit_cancels_what_the_endpoint_waits_for(spec: str, waits_in: str) -> None:
    log, running = list[str](), list[asyncio.Timeout]()

    async def wait() -> None:
        running[0].reschedule(asyncio.get_running_loop().time())  # over as soon as it waits
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def waiting() -> AsyncIterator[bytes]:
        await wait()
        yield b""

    async def endpoint(_: Request) -> Response:
        if waits_in == "endpoint":
            await wait()
        return StreamingResponse(waiting())

    async def limit(request: Request, call_next: Any) -> Any:
        try:
            async with asyncio.timeout(None) as timeout:
                running.append(timeout)
                response = await call_next(request)
                async for _ in response.body_iterator:
                    pass
        except TimeoutError:
            return PlainTextResponse("too late", 504)
        return response

    assert serve(app_of(endpoint, passing, limit, passing), spec).status == 504
    assert log == ["cancelled"]


def test_a_time_limit_of_anyio_cancels_an_endpoint_too(spec: str) -> None:
    log, running = list[str](), list[anyio.CancelScope]()

    async def endpoint(_: Request) -> Response:
        running[0].deadline = anyio.current_time()
        try:
            await anyio.sleep_forever()
        finally:
            log.append("ended")
        raise AssertionError

    async def limit(request: Request, call_next: Any) -> Any:
        with anyio.move_on_after(60) as scope:
            running.append(scope)
            return await call_next(request)
        return PlainTextResponse("too late", 504)

    assert serve(app_of(endpoint, limit), spec).status == 504
    assert log == ["ended"]


@pytest.mark.parametrize("moment", ["waiting", "parked", "streaming"])
def test_a_cancelled_request_cancels_everything(spec: str, moment: str) -> None:
    log: list[str] = []

    async def main() -> None:
        reached = asyncio.Event()

        async def here() -> None:
            reached.set()
            try:
                await asyncio.Event().wait()
            finally:
                log.append(moment)

        async def body() -> AsyncIterator[bytes]:
            yield b"a"
            await here()

        async def endpoint(_: Request) -> Response:
            if moment == "waiting":
                await here()
            return StreamingResponse(body())

        async def after(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            if moment == "parked":
                await here()
            return response

        running = asyncio.ensure_future(Server(app_of(endpoint, passing, after), spec).serve())
        await reached.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())

    assert log == [moment]


@pytest.mark.parametrize("moment", ["parked", "waiting"])
def test_a_coroutine_that_is_thrown_away_ends_what_it_began(moment: str) -> None:
    log: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            if moment == "waiting":
                await asyncio.get_running_loop().create_future()
            await send({"type": "http.response.start", "status": 200, "headers": []})
        finally:
            log.append("closed")

    async def main() -> None:
        async def waits(request: Request, call_next: Any) -> Any:
            await call_next(request)
            await asyncio.get_running_loop().create_future()

        coroutine = around(app, waits)({"type": "http", "method": "GET", "path": "/"}, None, None)
        coroutine.send(None)
        coroutine.close()

    asyncio.run(main())

    assert log == ["closed"]


def test_a_client_that_goes_away_ends_an_endless_stream(spec: str) -> None:
    async def endpoint(_: Request) -> Response:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x"
                await asyncio.sleep(0)

        return StreamingResponse(endless())

    async def main() -> Server:
        server = Server(app_of(endpoint, passing, passing), spec, leaves_after=3)
        async with asyncio.timeout(10):
            with suppress(Exception):  # ClientDisconnect at 2.4, nothing at 2.3
                await server.serve()
        return server

    assert len(asyncio.run(main()).pieces) == 3
