"""The text of errors over HTTP, WebSocket and streams of events: declared, named and the client's own are shown."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field, model_validator
from web_sockets import Client, serving

from vega.errors import ErrorKind
from vega.patterns import Interactor
from vega.patterns.query import InvalidFilterError, UnknownFieldError
from vega.testing import client_for
from vega.web import ErrorMap, EventStream, MiddlewarePipeline, Router, WebSocketHandler, add_websocket
from vega.web.middleware import RequestIdMiddleware

Shop = Callable[..., FastAPI]
SECRET = "10.1.2.3"


class Row(BaseModel):
    balance_of_partner: int


class SoldOutError(Exception):
    kind = ErrorKind.CONFLICT


class LateError(Exception): ...


class Pay(Interactor[int]):
    class Input(BaseModel):
        amount: int = Field(ge=1)
        most: int = 100

        @model_validator(mode="after")
        def bounded(self) -> Pay.Input:
            if self.amount > self.most:
                raise ValueError("the amount is above the most")
            return self

    async def call(self) -> int:
        return int(self.input.amount)


def wrong_row() -> None:
    Row.model_validate({"balance_of_partner": SECRET})


async def wrong_use_case() -> None:
    class Outer(Interactor[int]):
        async def call(self) -> int:
            return await Pay(amount=-1)

    await Outer()


async def wrong_input() -> None:
    await Pay(amount=-1)


def _raise(error: Exception) -> None:
    raise error


ERRORS: dict[str, tuple[Any, int, bool]] = {
    "timeout": (lambda: _raise(TimeoutError(110, f"Connect call failed ('{SECRET}', 5432)")), 504, False),
    "row": (wrong_row, 500, False),
    "use case": (wrong_use_case, 500, False),
    "input": (wrong_input, 422, True),
    "query": (lambda: _raise(UnknownFieldError(f"no field {SECRET}")), 500, False),
    "filter": (lambda: _raise(InvalidFilterError(f"{SECRET} is no int")), 422, True),
    "undeclared": (lambda: _raise(LateError(SECRET)), 500, False),
    "group": (lambda: _raise(ExceptionGroup("1 handler failed", [LateError(SECRET)])), 500, False),
    "declared": (lambda: _raise(SoldOutError(f"no tea from {SECRET}")), 409, True),
}


async def fail(name: str) -> None:
    work = ERRORS[name][0]()
    if work is not None:
        await work


def app_of(shop: Shop, **options: Any) -> FastAPI:
    router = Router()

    @router.get("/fail/{name}")
    async def failing(name: str) -> None:
        await fail(name)

    @router.get("/named", errors=[LateError])
    async def named() -> None:
        raise LateError(SECRET)

    @router.get("/events/{name}")
    async def events(name: str) -> EventStream:
        async def source() -> AsyncIterator[str]:
            yield "first"
            await fail(name)

        return EventStream(source())

    router.post("/payments", use_case=Pay)
    return shop(router, pipeline=MiddlewarePipeline().use(RequestIdMiddleware), **options)


def ask(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    async def main() -> httpx.Response:
        async with client_for(app) as client:
            return await client.request(method, path, **options)

    return asyncio.run(main())


@pytest.mark.parametrize("name", ERRORS)
def test_over_http_an_error_is_shown_or_logged_once(shop: Shop, name: str, caplog: pytest.LogCaptureFixture) -> None:
    _, status, is_shown = ERRORS[name]

    with caplog.at_level(logging.ERROR):
        answer = ask(app_of(shop), "GET", f"/fail/{name}", headers={"x-request-id": "r1"})

    document = answer.json()
    assert (answer.status_code, bool(document.get("detail"))) == (status, is_shown)
    assert is_shown or set(document) == {"title", "status", "request_id"}
    assert [getattr(record, "request_id", "") for record in caplog.records] == ([] if is_shown else ["r1"])


def test_an_error_that_a_route_names_is_shown(shop: Shop) -> None:
    answer = ask(app_of(shop), "GET", "/named")

    assert (answer.status_code, answer.json()["detail"]) == (500, SECRET)


def test_an_error_that_the_map_names_is_shown_below_500(shop: Shop) -> None:
    shown = ask(app_of(shop, errors=ErrorMap().map(LateError, status=410)), "GET", "/fail/undeclared")
    hidden = ask(app_of(shop, errors=ErrorMap().map(LateError, status=503)), "GET", "/fail/undeclared")
    fields = ask(app_of(shop, errors=ErrorMap().map(ValueError, status=400)), "GET", "/fail/row")

    assert (shown.status_code, shown.json()["detail"]) == (410, SECRET)
    assert (hidden.status_code, SECRET in hidden.text) == (503, False)
    assert (fields.status_code, fields.json()["errors"][0]["loc"]) == (400, ["balance_of_partner"])


def test_the_input_of_the_use_case_of_a_route_is_the_client_s(shop: Shop) -> None:
    answer = ask(app_of(shop), "POST", "/payments", json={"amount": 101})

    assert answer.status_code == 422
    assert "the amount is above the most" in answer.json()["errors"][0]["msg"]


class Failing(WebSocketHandler):
    path = "/ws/fail"

    async def on_message(self, message: str) -> None:
        await fail(message)


@pytest.mark.parametrize("name", ERRORS)
def test_over_a_websocket_the_same_is_shown(shop: Shop, name: str, caplog: pytest.LogCaptureFixture) -> None:
    _, status, is_shown = ERRORS[name]
    app = app_of(shop)
    add_websocket(app, Failing)

    async def main() -> Any:
        async with serving(app):
            client = Client(app, "/ws/fail", headers=[(b"x-request-id", b"r1")])
            assert (await client.heard())["type"] == "websocket.accept"
            client.say(name)
            told = await client.heard()
            client.leave()
            await client.gone()
            return told

    with caplog.at_level(logging.WARNING):
        told = asyncio.run(main())

    if is_shown:
        assert f'"status":{status}' in told
    elif status > 500:  # the connection is sound
        assert json.loads(told) == {"type": "error", "status": status, "title": "Gateway Timeout"}
    else:
        assert (told["type"], told["code"]) == ("websocket.close", 1011)
        assert SECRET not in str(told)
    assert [getattr(record, "request_id", "") for record in caplog.records] == ([] if is_shown else ["r1"])


def test_an_error_that_only_a_map_knows_is_shown_over_a_websocket_alone_and_in_a_group(shop: Shop) -> None:
    app = app_of(shop, errors=ErrorMap().map(LateError, status=410))
    add_websocket(app, Failing)

    async def main() -> list[Any]:
        async with serving(app):
            client = Client(app, "/ws/fail")
            client.say("undeclared")
            client.say("group")
            heard = [await client.heard() for _ in range(3)]
            client.leave()
            await client.gone()
            return heard[1:]

    alone, grouped = asyncio.run(main())
    assert json.loads(alone) == json.loads(grouped)
    assert (json.loads(alone)["status"], json.loads(alone)["detail"]) == (410, SECRET)


@pytest.mark.parametrize("name", ERRORS)
def test_a_stream_of_events_that_breaks_says_nothing(shop: Shop, name: str) -> None:
    sent: list[Any] = []

    async def main() -> None:
        app = app_of(shop)
        path = f"/events/{name}"
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "root_path": ""}

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        async with app.router.lifespan_context(app):
            with pytest.raises(Exception):  # noqa: B017, PT011 - any of the errors
                await app(scope, receive, send)

    asyncio.run(main())
    assert SECRET not in str(sent)
    assert not any(message.get("body") == b"" and not message.get("more_body") for message in sent)
