"""The queue of messages to a socket: bounds for clients that do not read, and the messages beyond them."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Message
from web_sockets import Client, full, serving

from vega.web import Rooms, WebSocketDefinitionError, WebSocketHandler, add_websocket
from vega.web._sockets.send_queue import SendQueue
from vega.web.websockets import coalesce

Shop = Callable[..., FastAPI]


class Slow(WebSocketHandler):
    path = "/slow"
    queue = 3

    async def on_connect(self) -> None:
        await self.accept()
        await self.join("all")


class Patient(Slow):
    path = "/patient"
    overflow = "drop_oldest"


def test_who_does_not_read_holds_nobody_up(shop: Shop) -> None:
    async def main() -> list[Any]:
        app = shop()
        add_websocket(app, Slow)
        add_websocket(app, Patient)
        async with serving(app):
            good, closed, dropped = Client(app, "/slow"), Client(app, "/slow"), Client(app, "/patient")
            for client in (good, closed, dropped):
                await client.heard()
            await full(app.state.sockets.rooms, "all", 3)
            closed.reads.clear()
            dropped.reads.clear()
            rooms = app.state.application.container.resolve(Rooms)
            for number in range(6):
                await rooms.broadcast("all", str(number))
            heard = [[await good.heard() for _ in range(6)]]
            dropped.reads.set()
            heard.append([await dropped.heard() for _ in range(4)])
            await full(rooms, "all", 2)
            closed.reads.set()
            await closed.gone()
            code = [await closed.heard() for _ in range(closed.sent.qsize())][-1]["code"]
            for client in (good, dropped):
                client.leave()
                await client.gone()
            return [*heard, code]

    assert asyncio.run(main()) == [list("012345"), ["0", "3", "4", "5"], 1013]


def test_a_send_queue_keeps_the_order_of_what_waits() -> None:
    async def main() -> list[str]:
        sent: list[str] = []
        gate = asyncio.Event()

        async def send(message: Message) -> None:
            await gate.wait()
            sent.append(message["text"])

        send_queue = SendQueue(send, limit=10, overflow="close", stop=lambda _: None)
        for number in range(4):
            send_queue.push({"text": str(number)})
        last = asyncio.ensure_future(send_queue.send({"text": "4"}))
        await asyncio.sleep(0)
        gate.set()
        await last
        send_queue.push({"text": "5"})
        return sent

    assert asyncio.run(main()) == list("012345")


def test_a_send_queue_of_a_client_that_has_gone_takes_nothing() -> None:
    async def main() -> tuple[bool, int]:
        calls = 0

        async def broken(_: Message) -> None:
            nonlocal calls
            calls += 1
            raise OSError("gone")

        send_queue = SendQueue(broken, limit=1, overflow="close", stop=lambda _: None)
        send_queue.push({})
        send_queue.push({})
        await send_queue.close(None, 0.1)
        return send_queue.is_closed, calls

    assert asyncio.run(main()) == (True, 1)


def test_a_send_queue_whose_client_breaks_while_it_waits_takes_nothing_more() -> None:
    async def main() -> bool:
        async def broken(_: Message) -> None:
            await asyncio.sleep(0)
            raise OSError("gone")

        send_queue = SendQueue(broken, limit=5, overflow="close", stop=lambda _: None)
        send_queue.push({})
        send_queue.push({})
        await send_queue.flush()
        return send_queue.is_closed

    assert asyncio.run(main())


class Ticker(Slow):
    path = "/ticker"
    overflow = coalesce("symbol")


def test_of_each_thing_only_the_latest_waits(shop: Shop) -> None:
    async def main() -> list[Any]:
        app = shop()
        add_websocket(app, Ticker)
        async with serving(app):
            good, slow = Client(app, "/ticker"), Client(app, "/ticker")
            rooms = app.state.sockets.rooms
            for client in (good, slow):
                await client.heard()
            await full(rooms, "all", 2)
            slow.reads.clear()
            for price in range(1000):
                await rooms.broadcast("all", {"symbol": "milk" if price % 2 else "tea", "price": price})
            await rooms.broadcast("all", "closed")
            every = [await good.heard() for _ in range(1001)]
            slow.reads.set()
            heard = [await slow.heard() for _ in range(4)]
            for client in (good, slow):
                client.leave()
                await client.gone()
            return [len(every), *heard]

    assert asyncio.run(main()) == [
        1001,
        '{"symbol":"tea","price":0}',  # on its way already
        '{"symbol":"milk","price":999}',
        '{"symbol":"tea","price":998}',
        "closed",
    ]


@pytest.mark.parametrize(
    ("otherwise", "left", "code"),
    [("drop_oldest", ["0", "b2", "c1"], None), ("close", ["0"], 1013)],
)
def test_where_all_that_wait_differ_the_other_policy_holds(otherwise: Any, left: list[str], code: int | None) -> None:
    async def main() -> tuple[list[str], list[int], int]:
        sent, codes, gate = list[str](), list[int](), asyncio.Event()

        async def send(message: Message) -> None:
            await gate.wait()
            sent.append(message["text"])

        send_queue = SendQueue(send, limit=2, overflow=coalesce("s", otherwise=otherwise), stop=codes.append)
        for text in ("0", '{"s":"a","n":1}', '{"s":"b","n":1}', '{"s":"b","n":2}', '{"s":"c","n":1}'):
            send_queue.push({"text": text})
        gate.set()
        await send_queue.flush()
        return sent, codes, send_queue.dropped

    sent, codes, dropped = asyncio.run(main())
    shown = [text if len(text) == 1 else text[6] + text[-2] for text in sent]
    assert (shown, codes) == (left, [] if code is None else [code])
    assert dropped == (2 if code is None else 1)


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ({"text": '{"a": 1, "b": [2], "c": 3}'}, b"[1,[2]]"),
        ({"text": '{"a": 1}'}, None),
        ({"text": "[1, 2]"}, None),
        ({"text": "{"}, None),
        ({"bytes": b"x"}, None),
    ],
)
def test_messages_are_about_the_same_where_their_fields_are_equal(message: Message, key: bytes | None) -> None:
    assert coalesce("a", "b").key_of(message) == key


def test_coalescing_needs_a_field() -> None:
    with pytest.raises(WebSocketDefinitionError, match="has no fields"):
        coalesce()


class Endless(Slow):
    path = "/endless"
    queue = 100
    overflow = "drop_oldest"


COUNT, MESSAGES = (200, 5000) if os.environ.get("VEGA_FULL") == "1" else (20, 500)


@pytest.mark.parametrize("overflow", ["drop_oldest", coalesce("n", otherwise="drop_oldest")])
def test_one_that_never_reads_costs_its_queue_and_the_others_hear_all(shop: Shop, overflow: Any) -> None:
    class Room(Endless):
        pass

    Room.overflow = overflow

    async def main() -> tuple[list[int], int, int]:
        app = shop()
        add_websocket(app, Room)
        async with serving(app):
            clients = [Client(app, "/endless") for _ in range(COUNT)]
            rooms: Rooms = app.state.sockets.rooms
            for client in clients:
                await client.heard()
            await full(rooms, "all", COUNT)
            stuck, *others = clients
            stuck.reads.clear()
            for number in range(MESSAGES):
                await rooms.broadcast("all", {"n": number})
            heard = [client.sent.qsize() for client in others]
            (waiting,) = [each for each in send_queues(rooms) if each.waiting]
            counts = waiting.waiting, waiting.dropped
            stuck.reads.set()
            for client in clients:
                client.leave()
                await client.gone()
            return heard, *counts

    heard, waiting, dropped = asyncio.run(main())
    assert heard == [MESSAGES] * (COUNT - 1)
    assert (waiting, dropped) == (100, MESSAGES - 101)


def send_queues(rooms: Rooms) -> list[SendQueue]:
    return [
        member for room in rooms._rooms.values() for member in room.members.values() if isinstance(member, SendQueue)
    ]
