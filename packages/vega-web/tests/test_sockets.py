"""WebSocket handlers: typed messages, policies, rooms, slow clients, heartbeats, and the end of the process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.types import Message

from vega.core import ErrorKind
from vega.di import Inject
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    MiddlewarePipeline,
    Policy,
    Principal,
    Rooms,
    WebSocketDefinitionError,
    WebSocketHandler,
    add_websocket,
    authenticated,
    create_app,
    has_role,
)
from vega.web._sockets._outbox import Outbox

Shop = Callable[..., FastAPI]


class Client:
    """A client of one connection, in process."""

    def __init__(self, app: FastAPI, path: str, *, extensions: bool = True, **scope: Any) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.coming: asyncio.Queue[Message] = asyncio.Queue()
        self.coming.put_nowait({"type": "websocket.connect"})
        self.reads = asyncio.Event()
        self.reads.set()
        base: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "root_path": "",
            "scheme": "ws",
            "subprotocols": [],
            "server": ("x", 80),
            "client": ("y", 1),
            "extensions": {"websocket.http.response": {}} if extensions else {},
            **scope,
        }
        self.task = asyncio.ensure_future(app(base, self.coming.get, self._send))

    async def _send(self, message: Message) -> None:
        await self.reads.wait()
        self.sent.put_nowait(dict(message))

    def say(self, text: str | bytes) -> None:
        self.coming.put_nowait({"type": "websocket.receive", "text" if isinstance(text, str) else "bytes": text})

    async def heard(self) -> Any:
        message = await asyncio.wait_for(self.sent.get(), 5)
        return message.get("text", message.get("bytes", message))

    def leave(self) -> None:
        self.coming.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def gone(self) -> None:
        await asyncio.wait_for(self.task, 5)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


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


class Say(BaseModel):
    type: Literal["say"]
    text: str = Field(max_length=5)


class Draw(BaseModel):
    type: Literal["draw"]
    x: int


class TakenError(Exception):
    kind = ErrorKind.CONFLICT


class Greeting:
    word = "hello"


class Typed(WebSocketHandler):
    path = "/typed"

    async def on_message(
        self, message: Annotated[Say | Draw, Field(discriminator="type")], greeting: Inject[Greeting]
    ) -> None:
        if isinstance(message, Draw):
            raise TakenError(f"{message.x} is taken")
        await self.send(Say(type="say", text=message.text))
        await self.send({"word": greeting.word})


def test_messages_are_read_as_they_are_annotated(shop: Shop) -> None:
    async def main() -> list[Any]:
        app = shop(values={Greeting: Greeting()})
        add_websocket(app, Typed)
        async with serving(app):
            client = Client(app, "/typed")
            await client.heard()
            client.say('{"type": "say", "text": "tea"}')
            heard = [await client.heard(), await client.heard()]
            for wrong in ("{", '{"type": "sing"}', '{"type": "say", "text": "too long"}', '{"type": "draw", "x": 7}'):
                client.say(wrong)
                heard.append(await client.heard())
            client.say(b'{"type": "say", "text": "bin"}')
            heard.append(await client.heard())
            client.leave()
            await client.gone()
            return heard

    heard = asyncio.run(main())
    assert heard[:2] == ['{"type":"say","text":"tea"}', '{"word":"hello"}']
    assert all('"type":"error","status":422' in each for each in heard[2:5])
    assert "too long" not in heard[4]
    assert heard[5] == '{"type":"error","status":409,"title":"Conflict","detail":"7 is taken"}'
    assert heard[6] == '{"type":"say","text":"bin"}'


class Binary(WebSocketHandler):
    path = "/binary"

    async def on_message(self, message: bytes) -> None:
        await self.send(message[::-1])


def test_bytes_are_taken_as_such_and_text_is_not(shop: Shop) -> None:
    async def main() -> list[Any]:
        app = shop()
        add_websocket(app, Binary)
        client = Client(app, "/binary")
        await client.heard()
        client.say(b"abc")
        client.say("abc")
        heard = [await client.heard(), await client.heard()]
        client.leave()
        await client.gone()
        return heard

    heard = asyncio.run(main())
    assert heard[0] == b"cba"
    assert "a message of bytes is expected" in heard[1]


def test_a_handler_whose_messages_cannot_be_read_is_refused(shop: Shop) -> None:
    class Odd(WebSocketHandler):
        path = "/odd"

        async def on_message(self, message: Any) -> None: ...

    Odd.on_message.__annotations__["message"] = "Missing"
    with pytest.raises(WebSocketDefinitionError, match="cannot be read"):
        add_websocket(shop(), Odd)


KEYS = {ApiKeys.digest("ada"): Principal(subject="ada", roles=frozenset({"admin"}))}


class Guarded(WebSocketHandler):
    path = "/guarded"
    policy = authenticated
    join_policy = has_role("admin") & Policy(lambda _, room: room != "secret")

    async def on_message(self, message: str) -> None:
        assert self.principal is not None
        await self.join(message)
        await self.send(f"{self.principal.subject} joined {message}")


@pytest.mark.parametrize(
    ("key", "extensions", "first"),
    [
        (None, True, ("websocket.http.response.start", 401)),
        (None, False, ("websocket.close", 4401)),
        (b"wrong", True, ("websocket.http.response.start", 401)),
        (b"ada", True, ("websocket.accept", None)),
    ],
)
def test_a_policy_guards_the_connection(shop: Shop, key: bytes | None, extensions: bool, first: Any) -> None:
    async def main() -> Any:
        pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(KEYS)])
        app = shop(pipeline=pipeline)
        add_websocket(app, Guarded)
        headers = [(b"x-api-key", key)] if key else []
        client = Client(app, "/guarded", headers=headers, extensions=extensions)
        message = await client.heard()
        client.leave()
        await client.gone()
        return message["type"], message.get("status", message.get("code"))

    assert asyncio.run(main()) == first


def test_a_policy_guards_the_rooms(shop: Shop) -> None:
    async def main() -> list[Any]:
        app = shop(pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(KEYS)]))
        add_websocket(app, Guarded)
        client = Client(app, "/guarded", headers=[(b"x-api-key", b"ada")])
        await client.heard()
        client.say("open")
        client.say("secret")
        heard = [await client.heard(), await client.heard()]
        client.leave()
        await client.gone()
        return heard

    joined, refused = asyncio.run(main())
    assert joined == "ada joined open"
    assert '"status":403' in refused


def test_a_token_may_come_as_a_subprotocol(shop: Shop) -> None:
    import time

    import jwt

    from vega.web import BearerTokens

    secret = "a secret of more than thirty-two bytes, for HS256"
    token = jwt.encode({"sub": "ada", "exp": time.time() + 60}, secret)

    async def main() -> Any:
        schemes = [BearerTokens(secret, algorithms=["HS256"])]
        app = shop(pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=schemes))
        add_websocket(app, Guarded)
        client = Client(app, "/guarded", subprotocols=["bearer", token])
        message = await client.heard()
        client.leave()
        await client.gone()
        return message["type"], message["subprotocol"]

    assert asyncio.run(main()) == ("websocket.accept", "bearer")


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
            for _ in range(20):  # joining follows accepting
                await asyncio.sleep(0)
            assert app.state.sockets.rooms.members("all") == 3
            closed.reads.clear()
            dropped.reads.clear()
            rooms = app.state.application.container.resolve(Rooms)
            for number in range(6):
                await rooms.broadcast("all", str(number))
            heard = [[await good.heard() for _ in range(6)]]
            dropped.reads.set()
            heard.append([await dropped.heard() for _ in range(4)])
            await closed.gone()
            members = rooms.members("all")
            closed.reads.set()
            for client in (good, dropped):
                client.leave()
                await client.gone()
            return [*heard, members, closed.sent.qsize()]

    assert asyncio.run(main()) == [list("012345"), ["0", "3", "4", "5"], 2, 0]


def test_a_message_that_is_too_large_closes_the_connection(shop: Shop) -> None:
    class Small(WebSocketHandler):
        path = "/small"
        max_size = 4

    async def main() -> list[Any]:
        app = shop()
        add_websocket(app, Small)
        codes = []
        for text in ("12345", "🦊🦊", b"12345"):
            client = Client(app, "/small")
            await client.heard()
            client.say("1234")
            client.say(text)
            codes.append((await client.heard())["code"])
            await client.gone()
        return codes

    assert asyncio.run(main()) == [1009, 1009, 1009]


def test_a_silent_client_is_asked_and_then_closed(shop: Shop) -> None:
    class Beating(WebSocketHandler):
        path = "/beating"
        heartbeat = 0.03

    async def main() -> list[Any]:
        app = shop()
        add_websocket(app, Beating)
        client = Client(app, "/beating")
        heard = [(await client.heard())["type"], await client.heard()]
        client.say("here")
        heard.append(await client.heard())
        while not isinstance(last := await client.heard(), dict):
            pass
        await client.gone()
        return [*heard, last["code"]]

    assert asyncio.run(main()) == ["websocket.accept", '{"type":"ping"}', '{"type":"ping"}', 4408]


@pytest.mark.parametrize("step", ["on_connect", "on_message", "on_disconnect"])
def test_a_handler_that_fails_closes_its_connection_only(
    shop: Shop, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing(self: Any, *_: Any) -> None:
        raise RuntimeError("hunter2")

    class Failing(WebSocketHandler):
        path = "/failing"

    setattr(Failing, step, failing)

    async def main() -> list[Message]:
        app = shop()
        add_websocket(app, Failing)
        client = Client(app, "/failing")
        client.say("x")
        client.leave()
        await asyncio.wait({client.task})
        assert isinstance(client.task.exception(), RuntimeError | None)
        return [client.sent.get_nowait() for _ in range(client.sent.qsize())]

    caplog.set_level(logging.ERROR)
    sent = asyncio.run(main())
    assert "hunter2" not in str(sent)
    if step != "on_disconnect":
        assert sent[-1] == {"type": "websocket.close", "code": 1011}
        assert "Failing failed" in caplog.text


def test_at_the_end_of_the_process_connections_are_closed_after_the_message_at_hand(shop: Shop) -> None:
    begun = asyncio.Event()
    log: list[str] = []

    class Working(WebSocketHandler):
        path = "/working"

        async def on_message(self, message: str) -> None:
            begun.set()
            await asyncio.sleep(0.02)
            log.append("done")

        async def on_disconnect(self) -> None:
            log.append("gone")

    async def main() -> list[Any]:
        app = shop()
        add_websocket(app, Working)
        idle, busy = Client(app, "/working"), Client(app, "/working")
        for client in (idle, busy):
            await client.heard()
        busy.say("work")
        await begun.wait()
        app.state.sockets.drain.begin()
        codes = [(await client.heard())["code"] for client in (idle, busy)]
        for client in (idle, busy):
            await client.gone()
        late = Client(app, "/working")
        await late.heard()
        codes.append((await late.heard())["code"])
        await late.gone()
        return codes

    assert asyncio.run(main()) == [1012, 1012, 1012]
    assert log == ["gone", "done", "gone", "gone"]


def test_a_cancelled_connection_ends_as_cancelled(shop: Shop) -> None:
    async def main() -> bool:
        app = shop()
        add_websocket(app, Slow)
        client = Client(app, "/slow")
        await client.heard()
        await asyncio.sleep(0)
        client.task.cancel()
        await asyncio.wait({client.task})
        return client.task.cancelled()

    assert asyncio.run(main())


def test_an_outbox_keeps_the_order_of_what_waits() -> None:
    async def main() -> list[str]:
        sent: list[str] = []
        gate = asyncio.Event()

        async def send(message: Message) -> None:
            await gate.wait()
            sent.append(message["text"])

        outbox = Outbox(send, limit=10, overflow="close", stop=lambda _: None)
        for number in range(4):
            outbox.push({"text": str(number)})
        last = asyncio.ensure_future(outbox.send({"text": "4"}))
        await asyncio.sleep(0)
        gate.set()
        await last
        outbox.push({"text": "5"})
        return sent

    assert asyncio.run(main()) == list("012345")


def test_an_outbox_of_a_client_that_has_gone_takes_nothing() -> None:
    async def main() -> tuple[bool, int]:
        calls = 0

        async def broken(_: Message) -> None:
            nonlocal calls
            calls += 1
            raise OSError("gone")

        outbox = Outbox(broken, limit=1, overflow="close", stop=lambda _: None)
        outbox.push({})
        outbox.push({})
        await outbox.close(None, 0.1)
        return outbox.is_closed, calls

    assert asyncio.run(main()) == (True, 1)


def test_an_outbox_whose_client_breaks_while_it_waits_takes_nothing_more() -> None:
    async def main() -> bool:
        async def broken(_: Message) -> None:
            await asyncio.sleep(0)
            raise OSError("gone")

        outbox = Outbox(broken, limit=5, overflow="close", stop=lambda _: None)
        outbox.push({})
        outbox.push({})
        await outbox.flush()
        return outbox.is_closed

    assert asyncio.run(main())


def test_rooms_carry_no_bytes() -> None:
    with pytest.raises(TypeError, match="no bytes"):
        asyncio.run(Rooms().broadcast("a", b"x"))


def test_rooms_that_are_registered_are_those_of_the_handlers(shop: Shop) -> None:
    rooms = Rooms()

    app = shop(values={Rooms: rooms})

    assert app.state.sockets.rooms is rooms
    assert create_app(app.state.application).state.sockets.rooms is rooms
