"""Numbers of more digits than Python reads: 404 or 422 wherever a request has them, never an error of the server."""

import asyncio
import sys
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Cookie, FastAPI, Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import FileResponse
from web_sockets import Client, serving

from vega.patterns import Interactor
from vega.testing import client_for
from vega.web import MiddlewarePipeline, Router, WebSocketHandler, add_websocket
from vega.web.middleware import BodyLimitMiddleware

Shop = Callable[..., FastAPI]
LONG = "9" * (sys.get_int_max_str_digits() + 700)


class Thing(BaseModel):
    id: int


class Anything(BaseModel):
    value: Any


class Take(Interactor[int]):
    class Input(BaseModel):
        id: int

    async def call(self) -> int:
        return 1


class Talk(WebSocketHandler):
    path = "/ws/things"

    async def on_message(self, message: Thing) -> None:
        await self.send("taken")


class TalkOfAnything(WebSocketHandler):
    path = "/ws/anything"

    async def on_message(self, message: Anything) -> None:
        await self.send("taken")


def routes() -> Router:
    router = Router()

    @router.get("/int/{id:int}")
    async def of_int(id: int) -> int:
        return id

    @router.get("/float/{id:float}")
    async def of_float(id: float) -> float:
        return id

    @router.get("/either/{id:int}")
    async def number(id: int) -> str:
        return "a number"

    @router.get("/either/{id}")
    async def text(id: str) -> str:
        return "a text"

    @router.get("/plain/{id}")
    async def plain(id: int, page: int = 0) -> int:
        return id

    @router.get("/header")
    async def header(x_id: Annotated[int, Header()] = 0, c: Annotated[int, Cookie()] = 0) -> int:
        return x_id

    router.include_router(bodies())
    router.get("/case/{id}", use_case=Take)
    return router


def bodies() -> Router:
    router = Router()

    @router.post("/thing")
    async def thing(thing: Thing) -> int:
        return 1

    @router.post("/anything")
    async def anything(thing: Anything) -> int:
        return 1

    @router.post("/raw")
    async def raw(request: Request) -> int:
        await request.json()
        return 1

    @router.get("/file")
    async def file() -> FileResponse:
        return FileResponse(__file__)

    router.post("/case", use_case=Take)
    return router


async def statuses(app: FastAPI, method: str, path: str, **options: Any) -> tuple[int, Any]:
    async with client_for(app) as client:
        answer = await client.request(method, path, **options)
        return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/int/{LONG}", 404),
        ("HEAD", f"/int/{LONG}", 404),
        ("POST", f"/int/{LONG}", 404),
        ("GET", "/int/12", 200),
        ("GET", f"/int/{LONG[:4300]}", 200),
        ("GET", f"/float/{LONG}", 404),
        ("GET", f"/float/{LONG[:308]}.5", 200),
        ("GET", f"/float/1.{LONG}", 200),
        ("GET", f"/either/{LONG}", 200),
        ("GET", f"/plain/{LONG}", 422),
        ("GET", f"/plain/1?page={LONG}", 422),
        ("GET", f"/case/{LONG}", 422),
    ],
)
def test_a_path_or_query_with_a_long_number_is_no_error_of_the_server(
    shop: Shop, method: str, path: str, status: int
) -> None:
    assert asyncio.run(statuses(shop(routes()), method, path))[0] == status


def test_a_path_that_a_long_number_does_not_fit_is_left_to_the_next_route(shop: Shop) -> None:
    assert asyncio.run(statuses(shop(routes()), "GET", f"/either/{LONG}")) == (200, '"a text"')
    assert asyncio.run(statuses(shop(routes()), "GET", "/either/7")) == (200, '"a number"')


@pytest.mark.parametrize("path", ["/thing", "/anything", "/raw", "/case"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_body_with_a_long_number_is_refused_with_its_place(shop: Shop, path: str, sign: str) -> None:
    content = f'{{"id": 1, "value": {{"a": [{sign}{LONG}]}}}}'
    options: dict[str, Any] = {"content": content, "headers": {"content-type": "application/json"}}

    status, text = asyncio.run(statuses(shop(routes()), "POST", path, **options))

    assert status == 422
    assert '"loc":["body","value","a",0]' in text


@pytest.mark.parametrize(
    ("headers", "path", "allowed"),
    [
        ({"x-id": LONG}, "/header", {422}),
        ({"cookie": f"c={LONG}"}, "/header", {422}),
        ({"range": f"bytes={LONG}-"}, "/file", {400, 416}),
        ({"range": f"bytes=0-{LONG}"}, "/file", {400, 416}),
        ({"range": f"bytes=-{LONG}"}, "/file", {400, 416}),
        ({"content-length": LONG}, "/file", {413}),
    ],
)
def test_a_header_with_a_long_number_is_no_error_of_the_server(
    shop: Shop, headers: dict[str, str], path: str, allowed: set[int]
) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(BodyLimitMiddleware))

    assert asyncio.run(statuses(app, "GET", path, headers=headers))[0] in allowed


@pytest.mark.parametrize(("path", "field"), [("/ws/things", "id"), ("/ws/anything", "value")])
def test_a_message_with_a_long_number_is_refused_and_the_connection_stays(shop: Shop, path: str, field: str) -> None:
    app = shop()
    add_websocket(app, Talk)
    add_websocket(app, TalkOfAnything)

    async def main() -> list[Any]:
        async with serving(app):
            client = Client(app, path)
            client.say(f'{{"{field}": {LONG}}}')
            client.say(f'{{"{field}": 1}}')
            heard = [await client.heard() for _ in range(3)]
            client.leave()
            await client.gone()
            return heard

    _, refused, taken = asyncio.run(main())
    assert '"status":422' in refused
    assert taken == "taken"
