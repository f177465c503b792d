"""What inline middleware costs: a pipeline of vega.web against none and against FastAPI's own, in one run.

    python benchmarks/web.py [--rounds 9] [--requests 300]

Requests are served in process, over ASGI 2.3 (as uvicorn and granian announce) and 2.4. Every round measures every
application once, so that a busy machine slows all alike; medians of microseconds of CPU time per request, and ratios
to the same FastAPI application without middleware. Each middleware sets one header; before it is measured, every
application must answer with all of them. Exits 1 when a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.web import MiddlewarePipeline

LAYERS = 10
NONE, INLINE, APART, PLAIN, BASE = (
    "no middleware",
    f"{LAYERS} inline functions",
    f"{LAYERS} inline functions, a node each",
    f"{LAYERS} plain ASGI classes",
    f"{LAYERS} of app.middleware",
)
SHARE = {BASE: 0.05}  # of the requests: it is slow


class Header:
    """The floor of a layer: wraps `send`."""

    def __init__(self, app: ASGIApp, number: int) -> None:
        self.app, self.header = app, (b"x-layer-%d" % number, b"1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        header = self.header

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        await self.app(scope, receive, sending)


def inline(number: int) -> Any:
    name = f"x-layer-{number}"

    async def add_header(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers[name] = "1"
        return response

    return add_header


def shop() -> FastAPI:
    app = FastAPI()

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def with_pipelines(*functions: list[Any]) -> FastAPI:
    app = shop()
    for of_one in functions:
        pipeline = MiddlewarePipeline()
        for function in of_one:
            pipeline.use_inline(function)
        pipeline.install(app)
    return app


def plain() -> FastAPI:
    app, pipeline = shop(), MiddlewarePipeline()
    for number in range(LAYERS):
        pipeline.use(Header, number)
    pipeline.install(app)
    return app


def base() -> FastAPI:
    app = shop()
    for number in range(LAYERS):
        app.middleware("http")(inline(number))
    return app


APPS: dict[str, Callable[[], FastAPI]] = {
    NONE: shop,
    INLINE: lambda: with_pipelines([inline(number) for number in range(LAYERS)]),
    APART: lambda: with_pipelines(*([inline(number)] for number in range(LAYERS))),
    PLAIN: plain,
    BASE: base,
}


async def ask(app: ASGIApp, spec: str) -> tuple[int, int]:
    """Serve one request; return its status, and the number of headers that layers have set."""
    coming = [{"type": "http.request", "body": b"", "more_body": False}]
    start: dict[str, Any] = {}

    async def receive() -> Any:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            start.update(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": spec},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/hello",
        "raw_path": b"/hello",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"x.io"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 1),
        "server": ("x.io", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return start["status"], sum(name.startswith(b"x-layer-") for name, _ in start["headers"])


async def measure(app: ASGIApp, spec: str, requests: int) -> float:
    """Return microseconds of CPU time per request."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    for _ in range(requests):
        await ask(app, spec)
    spent = time.process_time() - start
    gc.enable()
    return spent / requests * 1e6


async def compare(spec: str, rounds: int, requests: int) -> dict[str, float]:
    """Return the median of each application."""
    apps = {name: make() for name, make in APPS.items()}
    for name, app in apps.items():
        for _ in range(5):
            assert await ask(app, spec) == (200, 0 if name == NONE else LAYERS), name
    spent: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(rounds):
        for name, app in apps.items():
            spent[name].append(await measure(app, spec, max(10, int(requests * SHARE.get(name, 1)))))
    return {name: statistics.median(values) for name, values in spent.items()}


def promises(median: dict[str, float]) -> dict[str, bool]:
    floor, ten, old = median[NONE], median[INLINE], median[BASE]
    layer = (ten - floor) / LAYERS
    return {
        f"{LAYERS} inline functions cost {ten / floor:.2f}x of none (at most 1.50x)": ten <= 1.5 * floor,
        f"they are {old / ten:.1f}x as fast as FastAPI's own (at least 20x)": old >= 20 * ten,
        f"a layer costs {layer / floor:.3f}x of a bare request, {layer:.2f} us (at most 0.06x)": layer <= 0.06 * floor,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=300)
    given = parser.parse_args()
    broken = 0
    for spec in ("2.3", "2.4"):
        median = asyncio.run(compare(spec, given.rounds, given.requests))
        print(f"\nGET /hello, ASGI {spec}: microseconds of CPU time per request, ratio to none")
        for name, value in median.items():
            print(f"  {name:36}{value:10.1f}{value / median[NONE]:9.2f}x")
        for text, kept in promises(median).items():
            print(f"  {'ok    ' if kept else 'BROKEN'}  {text}")
            broken += not kept
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
