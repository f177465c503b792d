"""Serves requests with a FastAPI and a Starlette that lack the private names while vega.web is imported."""

from __future__ import annotations

import logging
from typing import Any
from unittest.mock import patch

import starlette._exception_handler as handlers
from fastapi import routing
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

_made = Request.__init__


def _with_one_more(self: Any, *args: Any, **options: Any) -> None:
    _made(self, *args, **options)
    self._one_more = 1


with (
    patch.object(Headers, "__init__", lambda self, **_: None),
    patch.object(Request, "__init__", _with_one_more),
    patch.object(routing, "_effective_route_context_var"),
    patch.object(handlers, "wrap_app_handling_exceptions"),
):
    del routing._effective_route_context_var, handlers.wrap_app_handling_exceptions
    import vega.web._private_names as names
    from vega.web import MiddlewarePipeline, Router
    from vega.web._pipeline import fast_request, inline_response  # noqa: F401  # read when they are imported
    from vega.web._routing.route import Route

from fastapi import FastAPI  # noqa: E402  # after the imports without the names
from pydantic import BaseModel  # noqa: E402  # the same


class Item(BaseModel):
    name: str


router = Router(prefix="/shop")


@router.post("/items/{number}")
async def create(number: int, item: Item) -> Item:
    return Item(name=f"{item.name} {number}")


@router.get("/failing")
async def failing() -> None:
    raise KeyError("x")


async def add_header(request: Request, call_next: Any) -> Any:
    await request.body()
    response = await call_next(request)
    response.headers["x-first"] = "1"
    response.raw_headers = [*response.raw_headers, (b"x-second", b"2")]
    response.headers["x-third"] = "3"
    return response


app = FastAPI()
app.include_router(router)
app.add_exception_handler(KeyError, lambda *_: PlainTextResponse("no key", 404))
pipeline = MiddlewarePipeline()
pipeline.use_inline(add_header)
pipeline.install(app)
client = TestClient(app)

for _ in range(2):
    answer = client.post("/shop/items/7", json={"name": "Ada"})
    assert answer.json() == {"name": "Ada 7"}, answer.text
    assert [answer.headers[f"x-{each}"] for each in ("first", "second", "third")] == ["1", "2", "3"]
assert client.post("/shop/items/seven", json={}).status_code == 422
assert client.get("/shop/failing").text == "no key"
assert all(route.vega_fast is None for route in router.routes if isinstance(route, Route))

logging.basicConfig(format="%(message)s")
with (
    patch.object(names, "type_adapter", return_value=None),
    patch.object(names, "_REQUEST", {"other"}),
    patch.object(Headers, "__init__", lambda self, **_: None),
):
    names.warn_of_missing_names()
