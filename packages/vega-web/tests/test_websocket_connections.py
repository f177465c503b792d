"""WebSocket handlers: typed messages, sizes, heartbeats, failures, and the end of the process."""

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.types import Message
from web_sockets import Client, serving

from vega.di import Inject
from vega.errors import ErrorKind
from vega.web import WebSocketDefinitionError, WebSocketHandler, add_websocket

Shop = Callable[..., FastAPI]


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
    if step == "on_connect":
        assert sent[0]["status"] == 500
        assert "WebSocket /failing failed" in caplog.text
    if step == "on_message":
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
        add_websocket(app, Binary)
        client = Client(app, "/binary")
        await client.heard()
        await asyncio.sleep(0)
        client.task.cancel()
        await asyncio.wait({client.task})
        return client.task.cancelled()

    assert asyncio.run(main())
