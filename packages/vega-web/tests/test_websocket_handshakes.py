"""Refusals before a WebSocket is open, and sockets that end with the credentials that opened them."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, HTTPException
from starlette.responses import Response
from web_sockets import Client, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from vega.core import MemoryStore, StoreUnavailableError
from vega.errors import ErrorKind
from vega.web import (
    AuthenticationMiddleware,
    ForbiddenError,
    MiddlewarePipeline,
    Principal,
    UnauthenticatedError,
    WebSocketHandler,
    add_websocket,
    has_role,
)
from vega.web.security import SessionCookies, authenticated

pytestmark = pytest.mark.anyio
Shop = Callable[..., FastAPI]


class GoneError(Exception):
    kind = ErrorKind.MISSING


REFUSALS: list[tuple[Exception, int]] = [
    (UnauthenticatedError("no token", "", ""), 401),
    (ForbiddenError("not for you", "", ""), 403),
    (GoneError("no such room"), 404),
    (HTTPException(418, "tea only"), 418),
    (StoreUnavailableError("the store cannot be reached", "", ""), 503),
    (RuntimeError("hunter2"), 500),
]
calls: list[str] = []


class Refusing(WebSocketHandler):
    path = "/refusing"
    error: Exception

    async def on_connect(self) -> None:
        raise self.error

    async def on_disconnect(self) -> None:
        calls.append("on_disconnect")


@pytest.mark.parametrize("extensions", [True, False])
@pytest.mark.parametrize(("error", "status"), REFUSALS)
async def test_a_refusal_in_on_connect_answers_the_handshake(
    shop: Shop, error: Exception, status: int, extensions: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "vega.web")
    calls.clear()
    Refusing.error = error
    app = shop()
    add_websocket(app, Refusing)
    async with serving(app):
        client = Client(app, "/refusing", extensions=extensions)
        await client.gone()
    sent = [client.sent.get_nowait() for _ in range(client.sent.qsize())]

    assert calls == []
    if extensions:
        assert [message["type"] for message in sent] == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert sent[0]["status"] == status
        assert json.loads(sent[1]["body"])["status"] == status
    else:
        assert [message["type"] for message in sent] == ["websocket.close"]
    assert "hunter2" not in str(sent)
    (record,) = [each for each in caplog.records if each.name == "vega.web"]
    assert (record.exc_info is not None) == (status == 500)


class Down:
    challenge = ""

    async def authenticate(self, _: Any) -> Principal | None:
        raise StoreUnavailableError("the store cannot be reached", "", "")


class Plain(WebSocketHandler):
    path = "/plain"


async def test_a_store_that_is_down_denies_the_handshake(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    app = shop(pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[Down()]))
    add_websocket(app, Plain)
    async with serving(app):
        client = Client(app, "/plain")
        await client.gone()

    assert client.sent.get_nowait()["status"] == 503
    assert not [record for record in caplog.records if record.exc_info]


class Asking(WebSocketHandler):
    path = "/asking"
    errors: list[Exception] = []  # noqa: RUF012 - set by each test

    async def on_message(self, message: str) -> None:
        if self.errors:
            raise self.errors.pop()
        await self.send(message)


class LimitError(Exception):
    kind = ErrorKind.TIMEOUT


async def test_a_store_that_is_down_is_reported_as_a_message(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    Asking.errors = [LimitError("slow"), StoreUnavailableError("the store cannot be reached", "", "")]
    app = shop()
    add_websocket(app, Asking)
    async with serving(app):
        client = Client(app, "/asking")
        await client.heard()
        for _ in range(3):
            client.say("x")
        heard = [await client.heard() for _ in range(3)]
        client.leave()
        await client.gone()

    assert [json.loads(text)["status"] for text in heard[:2]] == [503, 504]
    assert heard[2] == "x"
    assert not [record for record in caplog.records if record.exc_info]


class Guarded(WebSocketHandler):
    path = "/guarded"
    policy = authenticated
    recheck = 0.05

    async def on_message(self, message: str) -> None:
        await self.send(message)


class Banned(Guarded):
    path = "/banned"
    policy = has_role("member")


class Tokens:
    """A scheme whose principals can be taken away and changed."""

    challenge = ""

    def __init__(self) -> None:
        self.principal: Principal | None = Principal(subject="ada", roles=frozenset({"member"}))
        self.is_down = False

    async def authenticate(self, _: Any) -> Principal | None:
        if self.is_down:
            raise StoreUnavailableError("the store cannot be reached", "", "")
        return self.principal


@pytest.mark.parametrize(
    ("path", "principal", "code"),
    [("/guarded", None, 4401), ("/banned", Principal(subject="ada"), 4403), ("/banned", None, 4401)],
)
async def test_a_silent_socket_ends_with_its_credentials(shop: Shop, path: str, principal: Any, code: int) -> None:
    tokens = Tokens()
    app = shop(pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[tokens]))
    for handler in (Guarded, Banned):
        add_websocket(app, handler)
    async with serving(app):
        client = Client(app, path)
        await client.heard()
        tokens.is_down = True  # says nothing about the session
        await asyncio.sleep(0.15)
        client.say("still here")
        assert await client.heard() == "still here"
        tokens.is_down, tokens.principal = False, principal
        assert (await client.heard())["code"] == code
        await client.gone()


async def test_a_socket_ends_with_the_session_that_opened_it(shop: Shop) -> None:
    store = MemoryStore()
    cookies = SessionCookies(store, cookie="session", secure=False, lifetime=0.5)
    app = shop(pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[cookies]))
    add_websocket(app, Guarded)
    response = Response()
    await cookies.begin(response, Principal(subject="ada"))
    cookie = response.headers["set-cookie"].partition(";")[0].encode()
    async with serving(app):
        client = Client(app, "/guarded", headers=[(b"cookie", cookie)])
        await client.heard()
        began = time.monotonic()
        assert (await client.heard())["code"] == 4401
        await client.gone()

    assert time.monotonic() - began < 3  # the questions of the socket do not keep the session


async def test_a_message_after_the_end_of_a_session_is_not_handled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vega.web._sockets.connection._FRESH", 0.0)
    monkeypatch.setattr(Guarded, "recheck", 60.0)
    tokens = Tokens()
    app = shop(pipeline=MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[tokens]))
    add_websocket(app, Guarded)
    async with serving(app):
        client = Client(app, "/guarded")
        await client.heard()
        tokens.principal = None
        client.say("one more")
        assert (await client.heard())["code"] == 4401
        await client.gone()


class Flooding(WebSocketHandler):
    path = "/flooding"
    queue = 2

    async def on_message(self, message: str) -> None:
        for _ in range(2000):
            await self.broadcast_to_itself("x" * 60_000)

    async def broadcast_to_itself(self, text: str) -> None:
        self._send_queue.push({"type": "websocket.send", "text": text})


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def test_a_slow_client_that_drains_receives_the_close_code(shop: Shop) -> None:
    app = shop()
    add_websocket(app, Flooding)
    with served(app) as url, connect(url + "/flooding", max_queue=1, compression=None) as client:
        client.send("go")
        time.sleep(3)  # longer than the patience for what waits
        code = closed_with(client)

    assert code == 1013


def closed_with(client: ClientConnection) -> int | None:
    """Return the close code that comes after all messages."""
    try:
        while True:
            client.recv(timeout=10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else None


def test_a_server_answers_the_handshake_of_a_refused_client(shop: Shop) -> None:
    Refusing.error = ForbiddenError("not for you", "", "")
    app = shop()
    add_websocket(app, Refusing)
    with served(app) as url, pytest.raises(InvalidStatus) as caught, connect(url + "/refusing"):
        pass

    assert caught.value.response.status_code == 403
    assert json.loads(caught.value.response.body or b"")["detail"] == "not for you"
