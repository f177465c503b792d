"""JSON has no NaN and no Infinity: one rule for requests, responses, WebSockets, events and rooms."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from web_requests import ask
from web_sockets import Client, serving

from vega.patterns import Interactor
from vega.testing import client_for
from vega.web import EventStream, NotFiniteError, Rooms, Router, ServerSentEvent, WebSocketHandler, add_websocket
from vega.web._problems.finite import places, write_json

Shop = Callable[..., FastAPI]
NAN, INF = float("nan"), float("inf")


class Price(BaseModel):
    amount: float
    note: str | None = None


class Offer(BaseModel):
    prices: list[Price] = []
    further: dict[str, Any] = {}


@dataclass
class Plain:
    amount: float


VALUES = [
    (NAN, ()),
    ([1.0, INF], (1,)),
    ({"a": {"b": -INF}}, ("a", "b")),
    (Price(amount=NAN), ("amount",)),
    (Offer(prices=[Price(amount=1), Price(amount=INF)]), ("prices", 1, "amount")),
    (Offer(further={"x": [NAN]}), ("further", "x", 0)),
    ({"offer": Offer(further={"x": Plain(NAN)})}, ("offer", "further", "x", "amount")),
    (Plain(NAN), ("amount",)),
    ((1.5, {"n": NAN}), (1, "n")),
]


@pytest.mark.parametrize(("value", "place"), VALUES)
def test_a_number_that_json_lacks_is_refused_with_its_place(value: Any, place: tuple[str | int, ...]) -> None:
    with pytest.raises(NotFiniteError) as caught:
        write_json(value)

    assert caught.value.where == (".".join(map(str, place)) or "the value itself")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(JSON_VALUES)
def test_all_that_is_written_is_json(value: Any) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        assert list(places(value))
        with pytest.raises(NotFiniteError):
            write_json(value)
    else:
        assert json.loads(write_json(value)) == value


def test_null_and_texts_stay() -> None:
    assert write_json({"a": None, "b": "NaN", "c": "-Infinity"}) == b'{"a":null,"b":"NaN","c":"-Infinity"}'


class Quote(Interactor[Price]):
    class Input(BaseModel):
        offer: Offer
        factor: float = 1.0

    async def call(self) -> Price:
        return Price(amount=1)


ROUTES = Router()


@ROUTES.get("/model")
async def model() -> Offer:
    return Offer(prices=[Price(amount=NAN)])


@ROUTES.get("/sync")
def sync() -> list[Price]:
    return [Price(amount=INF)]


@ROUTES.get("/any")
async def anything() -> dict[str, Any]:
    return {"n": NAN}


@ROUTES.get("/untyped")
async def untyped():  # type: ignore[no-untyped-def]  # declares no result
    return {"n": NAN}


@ROUTES.get("/class", response_class=JSONResponse)
async def of_class() -> Price:
    return Price(amount=NAN)


@ROUTES.get("/events")
async def events() -> EventStream:
    async def source() -> AsyncIterator[Any]:
        yield {"price": NAN}

    return EventStream(source())


@ROUTES.get("/null")
async def null() -> Price:
    return Price(amount=1)


@ROUTES.post("/fast")
async def fast(offer: Offer) -> int:
    return len(offer.prices)


@ROUTES.post("/slow")
def slow(offer: Offer) -> int:
    return len(offer.prices)


@ROUTES.post("/raw")
async def raw(request: Request) -> Any:
    return await request.json()


@ROUTES.post("/dict")
async def anything_in(body: dict[str, Any]) -> int:
    return len(body)


ROUTES.post("/quote", use_case=Quote)


@pytest.mark.parametrize("path", ["/model", "/sync", "/any", "/untyped", "/class", "/events"])
def test_a_response_is_refused_at_the_sender(shop: Shop, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "vega.web"):
        (answer,) = ask(shop(ROUTES), path)

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    (record,) = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], NotFiniteError)


def test_null_is_a_value(shop: Shop) -> None:
    (answer,) = ask(shop(ROUTES), "/null")

    assert answer.json() == {"amount": 1.0, "note": None}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/fast", '{"prices": [{"amount": %s}]}', ["prices", 0, "amount"]),
        ("/slow", '{"prices": [{"amount": %s}]}', ["prices", 0, "amount"]),
        ("/slow", '{"further": {"x": %s}}', ["further", "x"]),
        ("/raw", "[1, %s]", [1]),
        ("/dict", '{"a": {"b": %s}}', ["a", "b"]),
        ("/quote", '{"offer": {"prices": [{"amount": %s}]}}', ["offer", "prices", 0, "amount"]),
        ("/quote", '{"offer": {}, "factor": %s}', ["factor"]),
    ],
)
def test_a_request_is_refused_with_the_field(
    shop: Shop, path: str, body: str, place: list[str | int], number: str
) -> None:
    async def main() -> Any:
        async with client_for(shop(ROUTES)) as client:
            return await client.post(path, content=body % number, headers={"content-type": "application/json"})

    answer = asyncio.run(main())

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"loc": ["body", *place], "msg": "Input should be a finite number", "type": "finite_number"}
    ]


class Speaker(WebSocketHandler):
    path = "/ws"

    async def on_connect(self) -> None:
        await self.accept()
        await self.join("room")

    async def on_message(self, message: dict[str, Any]) -> None:
        value = {"price": float(message["number"]) if "number" in message else message.get("price")}
        await (self.broadcast("room", value) if message.get("broadcast") else self.send(value))


class Typed(WebSocketHandler):
    path = "/typed"

    async def on_message(self, message: Offer) -> None:
        await self.send(message.model_dump())


@pytest.mark.anyio
@pytest.mark.parametrize("broadcast", [True, False])
async def test_a_message_is_refused_at_the_sender_and_the_connection_stays(shop: Shop, broadcast: bool) -> None:
    app = shop()
    add_websocket(app, Speaker)
    async with serving(app):
        client = Client(app, "/ws")
        assert (await client.heard())["type"] == "websocket.accept"
        for number in ("nan", "inf", "1"):
            client.say(json.dumps({"number": number, "broadcast": broadcast}))
        heard = [json.loads(await client.heard()) for _ in range(3)]
        client.leave()
        await client.gone()

    refused = {"type": "error", "status": 500, "title": "Internal Server Error"}
    assert heard == [refused, refused, {"price": 1.0}]


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
@pytest.mark.parametrize(
    ("path", "text", "place"),
    [("/ws", '{"price": %s}', ["price"]), ("/typed", '{"prices": [{"amount": %s}]}', ["prices", 0, "amount"])],
)
async def test_a_message_is_refused_with_the_field(shop: Shop, path: str, text: str, place: Any, number: str) -> None:
    app = shop()
    add_websocket(app, Speaker)
    add_websocket(app, Typed)
    async with serving(app):
        client = Client(app, path)
        await client.heard()
        client.say(text % number)
        heard = json.loads(await client.heard())
        client.leave()
        await client.gone()

    assert heard["status"] == 422
    assert heard["errors"] == [{"loc": place, "msg": "Input should be a finite number", "type": "finite_number"}]


@pytest.mark.anyio
async def test_rooms_and_events_refuse_at_the_sender() -> None:
    async with Rooms() as rooms:
        with pytest.raises(NotFiniteError):
            await rooms.broadcast("room", {"price": NAN})
    with pytest.raises(NotFiniteError):
        ServerSentEvent(data=[INF]).encode()
