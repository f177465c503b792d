"""Rooms of one process: who is in them, who may join, and what is said there."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from web_sockets import Client, serving

from vega.web import (
    Rooms,
    WebSocketHandler,
    add_websocket,
    create_app,
)

Shop = Callable[..., FastAPI]


class Chat(WebSocketHandler):
    path = "/chat/{room}"
    log: list[str]

    async def on_connect(self) -> None:
        await self.accept()
        await self.join(self.socket.path_params["room"])

    async def on_message(self, message: str) -> None:
        (room,) = self.joined
        await self.broadcast(room, message, include_self=not message.startswith("others:"))
        if message == "leave":
            await self.leave(room)


def test_a_room_hears_what_its_members_say(shop: Shop) -> None:
    async def main() -> list[Any]:
        app = shop()
        add_websocket(app, Chat)
        async with serving(app):
            ada, eve, other = Client(app, "/chat/a"), Client(app, "/chat/a"), Client(app, "/chat/b")
            for client in (ada, eve, other):
                assert (await client.heard())["type"] == "websocket.accept"
            rooms = app.state.sockets.rooms
            ada.say("hello")
            heard = [await ada.heard(), await eve.heard()]
            ada.say("others: hi")
            heard.append(await eve.heard())
            eve.say("leave")
            heard += [await ada.heard(), await eve.heard()]
            ada.say("alone")
            heard.append(await ada.heard())
            counts = [rooms.members("a"), rooms.members("b"), eve.sent.qsize(), other.sent.qsize()]
            for client in (ada, eve, other):
                client.leave()
                await client.gone()
            return [*heard, counts, [rooms.members("a"), rooms.members("b")]]

    assert asyncio.run(main()) == [
        "hello",
        "hello",
        "others: hi",
        "leave",
        "leave",
        "alone",
        [1, 1, 0, 0],
        [0, 0],
    ]


def test_rooms_carry_no_bytes() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        asyncio.run(Rooms().broadcast("a", b"x"))


def test_rooms_that_are_registered_are_those_of_the_handlers(shop: Shop) -> None:
    rooms = Rooms()

    app = shop(values={Rooms: rooms})

    assert app.state.sockets.rooms is rooms
    assert create_app(app.state.application).state.sockets.rooms is rooms
