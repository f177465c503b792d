"""Inline functions around an application, at ASGI 2.3 (Starlette streams from a child task) and 2.4 (it does not)."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from vega.web import MiddlewareError, MiddlewarePipeline

Endpoint = Callable[[Request], Awaitable[Response]]


class Server:
    """A server in memory: it takes what the application sends, and tells it what a client does.

    Args:
        app: what is served.
        spec: the ASGI version that is announced.
        body: the request's body, in pieces.
        leaves_after: the client goes away after this many pieces of the body; None: never.
    """

    def __init__(
        self, app: Any, spec: str, body: tuple[bytes, ...] = (b"",), leaves_after: int | None = None, **more: Any
    ) -> None:
        self.app, self.spec, self.more = app, spec, more
        self.messages: list[dict[str, Any]] = []
        self._body = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
        self._body[-1]["more_body"] = False
        self._leaves_after, self.gone, self.progress = leaves_after, asyncio.Event(), asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self._body:
            return self._body.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if self.gone.is_set():
            if self.spec >= "2.4":
                raise OSError("the client has gone")
            return
        self.messages.append(message)
        self.progress.set()
        if self._leaves_after is not None and len(self.pieces) >= self._leaves_after:
            self.gone.set()

    async def serve(self) -> "Server":
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self.spec},
            "method": "POST",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [(b"host", b"x")],
            **self.more,
        }
        await self.app(scope, self.receive, self.send)
        return self

    @property
    def pieces(self) -> list[bytes]:
        return [m.get("body", b"") for m in self.messages if m["type"] == "http.response.body"]

    @property
    def text(self) -> str:
        return b"".join(self.pieces).decode()

    @property
    def is_whole(self) -> bool:
        return bool(self.pieces) and not self.messages[-1].get("more_body", False)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}


@pytest.fixture(params=["2.3", "2.4"])
def spec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def app_of(endpoint: Endpoint, *functions: Any, apart: bool = False) -> Starlette:
    """Return an application of one endpoint within functions; `apart` gives each a node of its own."""
    app = Starlette(routes=[Route("/", endpoint, methods=["GET", "POST"])])
    for functions_of_node in [[f] for f in reversed(functions)] if apart else [functions]:
        pipeline = MiddlewarePipeline()
        for function in functions_of_node:
            pipeline.use_inline(function)
        pipeline.install(app)
    return app


def serve(app: Any, spec: str, **options: Any) -> Server:
    async def main() -> Server:
        async with asyncio.timeout(10):
            return await Server(app, spec, **options).serve()

    return asyncio.run(main())


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def chunks(count: int, log: list[str] | None = None) -> AsyncIterator[bytes]:
    try:
        for number in range(count):
            yield b"%d " % number
    finally:
        if log is not None:
            log.append("generator ended")


async def three(_: Request) -> Response:
    return StreamingResponse(chunks(3), background=BackgroundTask(lambda: None))


async def passing(request: Request, call_next: Any) -> Any:
    return await call_next(request)


def header(name: str) -> Any:
    async def adds(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers[name] = "1"
        response.status_code = 201
        return response

    return adds


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
    log: list[str] = []

    async def wait() -> None:
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
            async with asyncio.timeout(0.05):
                response = await call_next(request)
                async for _ in response.body_iterator:
                    pass
        except TimeoutError:
            return PlainTextResponse("too late", 504)
        return response

    assert serve(app_of(endpoint, passing, limit, passing), spec).status == 504
    assert log == ["cancelled"]


def test_a_time_limit_of_anyio_cancels_an_endpoint_too(spec: str) -> None:
    log: list[str] = []

    async def endpoint(_: Request) -> Response:
        try:
            await anyio.sleep_forever()
        finally:
            log.append("ended")
        raise AssertionError

    async def limit(request: Request, call_next: Any) -> Any:
        with anyio.move_on_after(0.05):
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

        coroutine = _around(app, waits)({"type": "http", "method": "GET", "path": "/"}, None, None)
        coroutine.send(None)
        coroutine.close()

    asyncio.run(main())

    assert log == ["closed"]


def _around(app: Any, *functions: Any) -> Any:
    """Return functions around a bare ASGI application."""
    shell = Starlette()
    pipeline = MiddlewarePipeline()
    for function in functions:
        pipeline.use_inline(function)
    pipeline.install(shell)
    (middleware,) = shell.user_middleware
    made: Any = middleware.cls(app, *middleware.args, **middleware.kwargs)
    return made


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

    with pytest.raises(MiddlewareError, match="given up"):
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


def test_a_stream_taken_from_a_task_of_its_own_is_refused_and_ended() -> None:
    log: list[str] = []

    async def endpoint(_: Request) -> Response:
        return StreamingResponse(chunks(2, log))

    async def apart(request: Request, call_next: Any) -> Any:
        return await asyncio.ensure_future(call_next(request))

    with pytest.raises(MiddlewareError, match=r"asyncio\.timeout"):
        serve(app_of(endpoint, apart), "2.3")
    assert serve(app_of(endpoint, apart), "2.4").text == "0 1 "
    assert serve(app_of(hello, apart), "2.3").text == "hello"


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

    with pytest.raises(MiddlewareError, match="given up"):
        serve(app_of(hello, first), spec)


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
    assert serve(_around(streaming_from_a_group, replacing), "2.4", path="/waiting").text == "second"
    assert serve(_around(streaming_from_a_group, replacing), "2.4", path="/turning").text == "second"
    assert serve(_around(streaming_from_a_group, passing), "2.4", path="/waiting").text == "xy"


def test_other_errors_of_a_group_that_was_replaced_are_raised() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        serve(_around(streaming_from_a_group, replacing), "2.4", path="/failing")

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

        server = Server(_around(careless, passing), spec)
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

    answer = serve(_around(half, reading), spec)

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

        return (await Server(_around(sharing, releasing), "2.3").serve()).text

    assert asyncio.run(main()) == "hello"


def test_an_application_without_an_answer_is_told(spec: str) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        return None

    with pytest.raises(MiddlewareError, match="without a response"):
        serve(_around(silent, passing), spec)


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

    answer = serve(_around(lambda *given: Wrapped(hinting(*given)), passing), spec)

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
