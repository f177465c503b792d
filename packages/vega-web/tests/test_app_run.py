"""Runs of an application: tasks of its own, futures, cancellations, answers that never come."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from web_inline import Server, app_of, around, passing, serve

from vega.web import MiddlewareError, MiddlewarePipeline


async def streaming_from_a_group(scope: Any, receive: Any, send: Any) -> None:
    """Speak from a child task of asyncio, whose errors come in a group."""

    async def child() -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        finally:
            if scope["path"] == "/failing":
                raise ZeroDivisionError
        await send({"type": "http.response.body", "body": b"y"})

    async with asyncio.TaskGroup() as group:
        group.create_task(child())
        while scope["path"] != "/waiting":  # noqa: ASYNC110 - no event: bare yields are what is tested
            await asyncio.sleep(0)


async def replacing(request: Request, call_next: Any) -> Any:
    await call_next(request)
    return PlainTextResponse("second")


def test_a_group_of_tasks_ends_with_a_replaced_response() -> None:
    assert serve(around(streaming_from_a_group, replacing), "2.4", path="/waiting").text == "second"
    assert serve(around(streaming_from_a_group, replacing), "2.4", path="/turning").text == "second"
    assert serve(around(streaming_from_a_group, passing), "2.4", path="/waiting").text == "xy"


def test_other_errors_of_a_group_that_was_replaced_are_raised() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        serve(around(streaming_from_a_group, replacing), "2.4", path="/failing")

    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]


def test_an_os_error_after_a_replaced_response_is_raised(spec: str) -> None:
    async def endpoint(_: Request) -> Response:
        def fail() -> None:
            raise FileNotFoundError("a real one")

        return PlainTextResponse("first", background=BackgroundTask(fail))

    with pytest.raises(FileNotFoundError):
        serve(app_of(endpoint, replacing), spec)


def test_a_child_task_that_outlives_its_application_is_heard_to_the_end(spec: str) -> None:
    async def main() -> Server:
        children: list[asyncio.Task[None]] = []

        async def careless(scope: Any, receive: Any, send: Any) -> None:
            children.append(asyncio.ensure_future(PlainTextResponse("late")(scope, receive, send)))
            await asyncio.sleep(0)

        server = Server(around(careless, passing), spec)
        await server.serve()
        await asyncio.gather(*children)
        return server

    assert asyncio.run(main()).text == "late"


def test_an_application_that_never_ends_its_body_leaves_it_open(spec: str) -> None:
    async def half(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    async def reading(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        assert [chunk async for chunk in response.body_iterator] == [b"half"]
        return response

    answer = serve(around(half, reading), spec)

    assert (answer.text, answer.is_whole) == ("half", False)


def test_a_future_that_two_tasks_wait_for_wakes_both() -> None:
    """Streams below ASGI 2.4 wait in the parent; another task may wait for the same future in the meantime."""

    async def main() -> str:
        gate = asyncio.get_running_loop().create_future()

        async def sharing(scope: Any, receive: Any, send: Any) -> None:
            async def other() -> None:
                await gate

            async with asyncio.TaskGroup() as group:
                group.create_task(PlainTextResponse("hello")(scope, receive, send))
                group.create_task(other())
                await gate

        async def releasing(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            asyncio.get_running_loop().call_later(0.01, gate.set_result, None)
            return response

        return (await Server(around(sharing, releasing), "2.3").serve()).text

    assert asyncio.run(main()) == "hello"


def test_an_application_without_an_answer_is_told(spec: str) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        return None

    with pytest.raises(MiddlewareError, match="without a response"):
        serve(around(silent, passing), spec)


def test_what_comes_before_the_response_passes_and_an_awaitable_is_an_application_too(spec: str) -> None:
    async def hinting(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.debug"})
        await asyncio.sleep(0)
        await PlainTextResponse("hello")(scope, receive, send)

    class Wrapped:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __await__(self) -> Any:
            return self.inner.__await__()

    answer = serve(around(lambda *given: Wrapped(hinting(*given)), passing), spec)

    assert [message["type"] for message in answer.messages] == [
        "http.response.debug",
        "http.response.start",
        "http.response.body",
    ]


def test_an_endpoint_that_waits_is_waited_for(spec: str) -> None:
    async def failing() -> None:
        await asyncio.sleep(0)
        raise LookupError

    async def endpoint(_: Request) -> Response:
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, lambda: None)
        results = await asyncio.gather(asyncio.sleep(0, "a"), asyncio.to_thread(lambda: "b"))
        with pytest.raises(LookupError):
            await asyncio.ensure_future(failing())
        return PlainTextResponse("".join(results))

    assert serve(app_of(endpoint, passing), spec).text == "ab"


def test_a_call_that_failed_may_be_made_again(spec: str) -> None:
    attempts: list[int] = []

    async def flaky(request: Request) -> Response:
        attempts.append(len(attempts))
        await asyncio.sleep(0.001)
        if len(attempts) == 1:
            failed = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(failed.set_exception, ConnectionError("lost"))
            await failed
        return PlainTextResponse("at last")

    async def again(request: Request, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except ConnectionError:
            return await call_next(request)

    assert serve(app_of(flaky, again), spec).text == "at last"


def test_an_endpoint_that_bears_a_cancellation_is_heard(spec: str) -> None:
    async def endpoint(_: Request) -> Response:
        with suppress(asyncio.CancelledError):
            await asyncio.shield(asyncio.get_running_loop().create_future())
        return PlainTextResponse("borne")

    async def limit(request: Request, call_next: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_later(0.01, task.cancel)
        response = await call_next(request)
        task.uncancel()
        return response

    assert serve(app_of(endpoint, limit), spec).text == "borne"


def test_web_sockets_pass() -> None:
    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    async def main() -> list[str]:
        sent: list[str] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        app = Starlette(routes=[WebSocketRoute("/", endpoint)])
        pipeline = MiddlewarePipeline()
        pipeline.use_inline(passing)
        pipeline.install(app)
        await app({"type": "websocket", "path": "/", "headers": [], "subprotocols": []}, receive, send)
        return sent

    assert asyncio.run(main()) == ["websocket.accept", "websocket.close"]


def test_a_cancellation_that_comes_while_a_child_task_speaks_is_not_lost(spec: str) -> None:
    log: list[str] = []

    async def speaking(scope: Any, receive: Any, send: Any) -> None:
        main = asyncio.current_task()
        assert main is not None

        async def child() -> None:
            asyncio.get_running_loop().call_soon(main.cancel)  # before the caller wakes up
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"never"})

        try:
            await asyncio.create_task(child())
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def limited(request: Request, call_next: Any) -> Response:
        try:
            return await call_next(request)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
            return PlainTextResponse("late", 504)

    answer = serve(around(speaking, limited), spec)

    assert (answer.status, answer.text, log) == (504, "late", ["cancelled"])
