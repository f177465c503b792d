"""Which request inline functions may hand on."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from vega.web import MiddlewareError
from vega.web._pipeline.inline import InlineChain


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(scope["path"])(scope, receive, send)


def answer(function: Any) -> str:
    async def main() -> str:
        transport = httpx.ASGITransport(InlineChain(echo, [function]))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.get("/asked")).text

    return asyncio.run(main())


def test_a_request_of_a_changed_scope_goes_on() -> None:
    async def redirect(request: Request, call_next: Any) -> Any:
        return await call_next(Request({**request.scope, "path": "/other"}, request.receive))

    assert answer(redirect) == "/other"


def test_a_request_of_a_made_up_scope_is_refused() -> None:
    async def invent(request: Request, call_next: Any) -> Any:
        kept = {name: request.scope[name] for name in ("type", "method", "path", "headers", "query_string", "scheme")}
        return await call_next(Request({**kept, "server": ("x", 80)}, request.receive))

    with pytest.raises(MiddlewareError, match="another connection scope"):
        answer(invent)
