"""Policies at the connection and at the rooms of WebSockets."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from web_sockets import Client

from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    MiddlewarePipeline,
    Principal,
    WebSocketHandler,
    add_websocket,
    has_role,
)
from vega.web.security import Policy, authenticated

Shop = Callable[..., FastAPI]


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

    from vega.web.security import BearerTokens

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
