"""A fast route answers, byte for byte, as FastAPI's own route."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Annotated, Any, Literal

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from fastapi.routing import APIRoute, get_request_handler
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message

from vega.web import MiddlewarePipeline, Router
from vega.web import Route as FastlyServed

pytestmark = pytest.mark.anyio
JSON = (b"content-type", b"application/json")


class Shade(Enum):
    LIGHT = "light"
    DARK = "dark"


class Item(BaseModel):
    name: str = Field(min_length=2)
    price: float = Field(1.5, gt=0)
    secret: str = Field("hidden", alias="hiddenName")
    note: str | None = None


class ExactItem(BaseModel, extra="forbid"):
    at: int


class OddError(Exception):
    pass


class WireError(OSError):
    pass


background: list[str] = []


def routes(add: Callable[..., Any]) -> None:
    """Add the routes; the first ones are fast."""
    add("/nothing")(nothing)
    add("/text/{word}")(text)
    add("/typed/{number}/{ratio:float}/{shade}")(typed)
    add("/asked")(asked)
    add("/items", methods=["POST"], status_code=201)(create)
    add("/items/{number}", methods=["PUT", "PATCH"], response_model=Item, response_model_exclude={"price"})(replace)
    add("/lean", methods=["POST"], response_model_exclude_unset=True, response_model_by_alias=False)(create)
    add("/dense", methods=["POST"], response_model=Item, response_model_exclude_none=True)(create)
    add("/exact", methods=["POST"], response_model=None)(exact)
    add("/loose", methods=["POST"])(loose)
    add("/html", response_class=HTMLResponse)(html)
    add("/explicit", response_class=JSONResponse, response_model=Item)(wrong)
    add("/gone", methods=["DELETE"], status_code=204)(gone)
    add("/seen")(seen)
    add("/connection")(connection)
    add("/own/{kind}")(own)
    add("/failing/{kind}")(failing)
    add("/wrong", response_model=Item)(wrong)


def unusual(add: Callable[..., Any]) -> None:
    """Add routes that stay with FastAPI."""
    add("/depends")(depends)
    add("/sync")(sync)
    add("/stream")(lines)
    add("/many")(many)
    add("/embedded", methods=["POST"])(embedded)
    add("/two", methods=["POST"])(two)
    add("/header")(header)
    add("/limited", methods=["POST"], max_body_size=4)(create)
    add("/defaults")(defaults)


async def nothing() -> None:
    return None


async def text(word: str) -> dict[str, str]:
    return {"word": word}


async def typed(number: Annotated[int, Path(ge=0)], ratio: float, shade: Shade) -> dict[str, Any]:
    return {"number": number, "ratio": ratio, "shade": shade}


async def asked(
    page: Annotated[int, Query(ge=1)] = 1,
    q: str | None = None,
    kind: Literal["a", "b"] = "a",
    by: Annotated[str, Query(alias="sort-by", max_length=3)] = "id",
    *,
    needed: bool,
) -> list[Any]:
    return [page, q, kind, by, needed]


async def create(item: Item) -> Item:
    return item


async def replace(number: int, item: Item, dry: bool = False) -> Any:
    return {**item.model_dump(by_alias=True), "name": f"{item.name} {number} {dry}"}


async def exact(item: ExactItem) -> Any:
    return {"item": item, "odd": {Shade.DARK}, "at": item.at}


async def loose(body: Annotated[Any, Body()] = None) -> Any:
    return {"body": body}


async def html() -> str:
    return "<p>é</p>"


async def gone() -> None:
    return None


async def seen(request: Request) -> dict[str, Any]:
    request.state.seen = True
    body = (await request.body()).decode()
    return {
        "path": request.url.path,
        "body": body,
        "route": request.scope["route"].path,
        "name": request["endpoint"].__name__,
    }


async def connection(it: HTTPConnection) -> dict[str, str]:
    return {"path": it.url.path}


async def chunks() -> AsyncIterator[str]:
    for number in range(3):
        yield str(number)


async def broken() -> AsyncIterator[str]:
    yield "some"
    raise OddError


async def own(kind: str) -> Any:
    note = BackgroundTask(background.append, kind)
    made: dict[str, Callable[[], Response]] = {
        "plain": lambda: PlainTextResponse("text", 202, {"x-own": "1"}, background=note),
        "json": lambda: JSONResponse({"a": 1}),
        "empty": lambda: Response(status_code=204),
        "away": lambda: RedirectResponse("/"),
        "stream": lambda: StreamingResponse(chunks(), background=note),
        "broken": lambda: StreamingResponse(broken()),
    }
    return made[kind]()


async def failing(kind: str) -> dict[str, str]:
    if kind == "http":
        raise HTTPException(418, {"why": "teapot"}, headers={"x-pot": "1"})
    if kind == "odd":
        raise OddError("odd")
    raise ValueError(kind)


async def wrong() -> Any:
    return {"price": "much"}


def dependency() -> str:
    return "dependent"


async def depends(word: Annotated[str, Depends(dependency)]) -> str:
    return word


def sync(word: str = "sync") -> str:
    return word


async def lines() -> AsyncIterator[dict[str, int]]:
    yield {"line": 1}


async def many(word: Annotated[list[str], Query()]) -> list[str]:
    return word


async def embedded(item: Annotated[Item, Body(embed=True)]) -> Item:
    return item


async def two(item: Item, other: Annotated[int, Body()]) -> int:
    return other


async def header(request: Request, response: Response) -> str:
    response.headers["x-seen"] = "1"
    return request.headers["host"]


async def defaults(words: Annotated[str, Query(default_factory=lambda: "made")]) -> str:
    return words


async def odd(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"odd": str(error), "body": (await request.body()).decode()}, 409)


def apps() -> tuple[FastAPI, FastAPI]:
    """Return an application of FastAPI's routes, and the same one of Vega's: at the top, and included twice."""
    made: list[FastAPI] = []
    for kind in (APIRoute, FastlyServed):
        app = FastAPI()
        app.router.route_class = kind
        inner = APIRouter(route_class=kind)
        for add in (app.api_route, inner.api_route):
            routes(add)
            unusual(add)
        app.include_router(inner, prefix="/v1")
        app.include_router(inner, prefix="/v2", dependencies=[Depends(dependency)])
        app.add_exception_handler(OddError, odd)
        app.add_exception_handler(WireError, odd)
        made.append(app)
    return made[0], made[1]


THEIRS, OURS = apps()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Answer:
    """All that an application said, and what it raised."""

    messages: list[Message]
    error: BaseException | None
    asked: int


async def ask(
    app: ASGIApp,
    path: str,
    method: str = "GET",
    body: bytes | list[bytes] = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    query: str = "",
    breaks: str = "",
) -> Answer:
    parts = body if isinstance(body, list) else [body]
    coming: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    coming[-1]["more_body"] = False
    answer = Answer([], None, 0)

    async def receive() -> Message:
        answer.asked += 1
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == breaks:
            raise WireError("the wire broke")
        answer.messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"shop"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("shop", 80),
        "state": {},
    }
    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - compared
        answer.error = error
    return answer


def told(error: BaseException | None) -> Any:
    return (type(error), getattr(error, "errors", lambda: str(error))(), type(error and error.__cause__))


async def both(path: str, *arguments: Any, **options: Any) -> Answer:
    """Ask both for the same; they must answer the same, at the top and included."""
    for prefix in ("", "/v1", "/v2"):
        background.clear()
        theirs = await ask(THEIRS, prefix + path, *arguments, **options)
        seen = list(background)
        background.clear()
        ours = await ask(OURS, prefix + path, *arguments, **options)
        assert ours.messages == theirs.messages
        assert told(ours.error) == told(theirs.error)
        assert background == seen
    return ours


def body_of(answer: Answer) -> bytes:
    return b"".join(message.get("body", b"") for message in answer.messages)


def fast_of(app: FastAPI) -> dict[str, bool]:
    return {route.path: route.vega_fast is not None for route in app.routes if isinstance(route, FastlyServed)}


def test_only_usual_endpoints_are_fast_routes() -> None:
    fast, other = APIRouter(route_class=FastlyServed), APIRouter(route_class=FastlyServed)
    routes(fast.api_route)
    unusual(other.api_route)

    assert [path for path, is_fast in fast_of_router(fast).items() if not is_fast] == []
    assert [path for path, is_fast in fast_of_router(other).items() if is_fast] == []


def fast_of_router(router: APIRouter) -> dict[str, bool]:
    return {route.path: route.vega_fast is not None for route in router.routes if isinstance(route, FastlyServed)}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/nothing", ""),
        ("/text/a%20b", ""),
        ("/text/é", ""),
        ("/typed/1/2.5/dark", ""),
        ("/typed/-1/2.5/none", ""),
        ("/typed/x/2.5/light", ""),
        ("/typed/1/x/light", ""),
        ("/asked", "needed=1"),
        ("/asked", ""),
        ("/asked", "needed=on&page=0&kind=c&sort-by=long"),
        ("/asked", "needed=true&page=2&q=&kind=b&sort-by=at&unknown=1"),
        ("/asked", "needed=true&page=2&page=x"),
        ("/asked", "needed=%FF&q=%00"),
        ("/html", ""),
        ("/explicit", ""),
        ("/seen", ""),
        ("/connection", ""),
        ("/own/plain", ""),
        ("/own/json", ""),
        ("/own/empty", ""),
        ("/own/away", ""),
        ("/own/stream", ""),
        ("/own/broken", ""),
        ("/own/unknown", ""),
        ("/failing/http", ""),
        ("/failing/odd", ""),
        ("/failing/value", ""),
        ("/wrong", ""),
        ("/missing", ""),
        ("/depends", ""),
        ("/sync", "word=a"),
        ("/stream", ""),
        ("/many", "word=a&word=b"),
        ("/header", ""),
        ("/defaults", ""),
    ],
)
async def test_reading_is_answered_alike(path: str, query: str) -> None:
    await both(path, query=query)


@pytest.mark.parametrize("path", ["/items", "/lean", "/dense", "/exact", "/loose", "/embedded", "/two", "/limited"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b'{"name": "tea"}',
        b'{"name": "tea", "price": 2, "hiddenName": "x", "note": null}',
        b'{"name": "t", "price": -1}',
        b'{"at": 1}',
        b'{"at": 1, "more": 2}',
        b'{"name": ',
        b'"\xff\xfe"',
        b"[" * 100_000,
        [b'{"name"', b': "te', b'a"}'],
    ],
)
async def test_bodies_are_answered_alike(path: str, body: Any) -> None:
    await both(path, "POST", body, (JSON,))


@pytest.mark.parametrize(
    "kind",
    [
        b"application/json; charset=utf-8",
        b"application/json ;x",
        b"APPLICATION/JSON",
        b"application/problem+json",
        b"application/jsonlines",
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"json",
        b"",
    ],
)
@pytest.mark.parametrize("path", ["/items", "/loose"])
async def test_content_types_are_answered_alike(path: str, kind: bytes) -> None:
    await both(path, "POST", b'{"name": "tea"}', ((b"content-type", kind),))


async def test_a_body_without_a_content_type_is_answered_alike() -> None:
    answer = await both("/items", "POST", b'{"name": "tea"}')

    assert answer.messages[0]["status"] == 422


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST", "HEAD", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/items/7", "/items/x", "/gone", "/nothing"])
async def test_methods_are_answered_alike(method: str, path: str) -> None:
    theirs = await ask(THEIRS, path, method, b'{"name": "tea"}', (JSON,), "dry=1")
    ours = await ask(OURS, path, method, b'{"name": "tea"}', (JSON,), "dry=1")

    assert body_of(ours) == body_of(theirs)
    assert ours.messages[0]["status"] == theirs.messages[0]["status"]


@given(number=st.text(max_size=5), page=st.text(max_size=4), needed=st.sampled_from(["1", "no", "", "x"]))
def test_any_path_and_query_are_answered_alike(number: str, page: str, needed: str) -> None:
    async def compare() -> None:
        await both(f"/typed/{number}/1.5/light")
        await both("/asked", query=f"page={page.encode().hex()}&needed={needed}&q={page}")

    asyncio.run(compare())


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.recursive(st.none() | st.booleans() | FLOATS | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_any_json_is_answered_alike(value: Any) -> None:
    async def compare() -> None:
        body = json.dumps({"name": value, "price": value, "note": value}).encode()
        await both("/items", "POST", body, (JSON,))
        await both("/loose", "POST", json.dumps(value).encode(), (JSON,))

    asyncio.run(compare())


@pytest.mark.parametrize("breaks", ["http.response.start", "http.response.body"])
@pytest.mark.parametrize("path", ["/text/a", "/own/plain", "/own/stream"])
async def test_a_wire_that_breaks_is_met_alike(path: str, breaks: str) -> None:
    answer = await both(path, breaks=breaks)

    assert isinstance(answer.error, (RuntimeError, ClientDisconnect))  # no handler answers: the response has begun


async def test_a_handler_of_errors_still_reads_the_body() -> None:
    app = FastAPI()
    app.router.route_class = FastlyServed
    app.add_exception_handler(OddError, odd)

    @app.post("/items")
    async def fail(item: Item) -> None:
        raise OddError

    answer = await ask(app, "/items", "POST", b'{"name": "tea"}', (JSON,))

    assert json.loads(body_of(answer))["body"] == '{"name": "tea"}'


async def test_what_an_endpoint_returns_wrongly_says_where() -> None:
    errors = [(await ask(app, "/v1/wrong")).error for app in (THEIRS, OURS)]

    assert all(isinstance(error, ResponseValidationError) for error in errors)
    assert str(errors[0]) == str(errors[1])


async def test_a_client_that_leaves_while_it_sends_is_answered_alike() -> None:
    def leaving() -> Callable[[], Awaitable[Message]]:
        coming: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]

        async def receive() -> Message:
            return coming.pop() if coming else {"type": "http.disconnect"}

        return receive

    said: list[list[Message]] = []
    for app in (THEIRS, OURS):
        answer: list[Message] = []

        async def send(message: Message, to: list[Message] = answer) -> None:
            to.append(message)

        scope = {"type": "http", "method": "POST", "path": "/items", "query_string": b"", "headers": [JSON]}
        await app(scope, leaving(), send)
        said.append(answer)

    assert said[0] == said[1]


async def test_a_dependency_of_the_router_or_an_override_keeps_its_say() -> None:
    app, called = FastAPI(), list[str]()
    router = Router()

    def real() -> None:
        called.append("real")

    def stand_in() -> None:
        called.append("stand-in")

    router.get("/word")(nothing)
    app.include_router(router, dependencies=[Depends(real)])
    await ask(app, "/word")
    app.dependency_overrides[real] = stand_in
    await ask(app, "/word")

    assert called == ["real", "stand-in"]


async def test_a_route_class_with_a_handler_of_its_own_is_left_alone() -> None:
    class Timed(FastlyServed):
        def get_route_handler(self) -> Any:
            original = super().get_route_handler()

            async def handler(request: Request) -> Response:
                response = await original(request)
                response.headers["x-timed"] = "1"
                return response

            return handler

    app, router = FastAPI(), Router(route_class=Timed)
    router.get("/word")(nothing)
    app.include_router(router)

    answer = await ask(app, "/word")

    assert answer.error is None
    assert (b"x-timed", b"1") in answer.messages[0]["headers"]


async def test_an_app_that_was_wrapped_is_left_alone() -> None:
    app, passed = FastAPI(), list[str]()
    app.router.route_class = FastlyServed
    app.get("/word")(nothing)
    route = app.routes[-1]
    assert isinstance(route, FastlyServed)
    own_app = route.app

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["path"])
        await own_app(scope, receive, send)

    route.app = wrapped
    await ask(app, "/word")

    assert passed == ["/word"]


async def test_a_handler_that_is_instrumented_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[str] = []

    @wraps(get_request_handler)
    def instrumented(*arguments: Any, **options: Any) -> Any:
        handler = get_request_handler(*arguments, **options)

        async def observed(request: Request) -> Response:
            passed.append(request.url.path)
            return await handler(request)

        return observed

    monkeypatch.setattr("fastapi.routing.get_request_handler", instrumented)
    app = FastAPI()
    app.router.route_class = FastlyServed
    app.get("/word")(nothing)
    await ask(app, "/word")

    assert passed == ["/word"]


async def test_middleware_of_a_route_sees_answers_of_fast_routes() -> None:
    app, seen = FastAPI(), list[int]()

    async def note(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        seen.append(response.status_code)
        return response

    router = Router()
    router.get("/failing/{kind}", middleware=[note])(failing)
    app.include_router(router)
    MiddlewarePipeline().install(app)
    await ask(app, "/failing/http")

    assert seen == [418]


async def test_no_signature_is_read_while_requests_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = FastAPI(), None
    app.router.route_class = FastlyServed
    routes(app.api_route)

    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("inspect was called")

    with monkeypatch.context() as patched:
        for name in ("signature", "iscoroutinefunction", "unwrap", "getsourcelines"):
            patched.setattr(inspect, name, refuse)
        answers = [await ask(app, path) for path in ("/text/a", "/html", "/wrong")]

    assert [answer.messages[0]["status"] for answer in answers[:2]] == [200, 200]
    assert isinstance(answers[2].error, ResponseValidationError)
