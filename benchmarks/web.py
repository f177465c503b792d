"""What vega.web costs: inline middleware, a use case as a route, a message to a room; peers in the same run.

    python benchmarks/web.py [--rounds 9] [--requests 300] [--no-server]

Requests are served in process, over ASGI 2.3 (as uvicorn and granian announce) and 2.4, and once over uvicorn. Every
round measures every application once, so that a busy machine slows all alike; medians of microseconds of CPU time per
request, and ratios. Each middleware sets one header; before it is measured, every application must answer with all of
them. Exits 1 when a promise is not kept.
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

import _web_server
import _web_sockets
from _web_apps import by_hand, vega
from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.web import MiddlewarePipeline

LAYERS = 10
BARE, NONE, INLINE, FOLDED, APART, PLAIN, BASE = (
    "FastAPI, no middleware",
    "Vega, no middleware",
    f"Vega, {LAYERS} inline functions",
    f"FastAPI, {LAYERS} inline functions",
    f"FastAPI, {LAYERS} inline functions, a node each",
    f"FastAPI, {LAYERS} plain ASGI classes",
    f"FastAPI, {LAYERS} of app.middleware",
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


def inlined() -> FastAPI:
    pipeline = MiddlewarePipeline()
    for number in range(LAYERS):
        pipeline.use_inline(inline(number))
    return vega(pipeline)


APPS: dict[str, Callable[[], FastAPI]] = {
    BARE: shop,
    NONE: vega,
    INLINE: inlined,
    FOLDED: lambda: with_pipelines([inline(number) for number in range(LAYERS)]),
    APART: lambda: with_pipelines(*([inline(number)] for number in range(LAYERS))),
    PLAIN: plain,
    BASE: base,
}


async def ask(app: ASGIApp, spec: str, path: str = "/hello") -> dict[str, Any]:
    """Serve one request; return the start of its response."""
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
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"x.io"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 1),
        "server": ("x.io", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return start


def layers_of(start: dict[str, Any]) -> int:
    """Return how many layers have set their header."""
    return sum(name.startswith(b"x-layer-") for name, _ in start["headers"])


async def measure(app: ASGIApp, spec: str, requests: int, path: str = "/hello") -> float:
    """Return microseconds of CPU time per request."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    for _ in range(requests):
        await ask(app, spec, path)
    spent = time.process_time() - start
    gc.enable()
    return spent / requests * 1e6


async def compare(spec: str, rounds: int, requests: int) -> dict[str, float]:
    """Return the median of each application."""
    apps = {name: make() for name, make in APPS.items()}
    for name, app in apps.items():
        for _ in range(5):
            start = await ask(app, spec)
            assert (start["status"], layers_of(start)) == (200, 0 if name in {BARE, NONE} else LAYERS), name
    spent: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(rounds):
        for name, app in apps.items():
            spent[name].append(await measure(app, spec, max(10, int(requests * SHARE.get(name, 1)))))
    return {name: statistics.median(values) for name, values in spent.items()}


async def compare_routes(rounds: int, requests: int) -> tuple[float, float]:
    """Return the medians of a route by hand on FastAPI and of the same as a use case on Vega."""
    apps, path = (by_hand(), vega()), "/users/7"
    for app in apps:
        for _ in range(5):
            assert (await ask(app, "2.3", path))["status"] == 200
    spent: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for app, values in zip(apps, spent, strict=True):
            values.append(await measure(app, "2.3", requests, path))
    return statistics.median(spent[0]), statistics.median(spent[1])


def promises(median: dict[str, float]) -> dict[str, bool]:
    bare, none, ten, old = median[BARE], median[NONE], median[INLINE], median[BASE]
    layer = (ten - none) / LAYERS
    return {
        f"{LAYERS} inline functions cost {ten / none:.2f}x of the same without (at most 1.50x)": ten <= 1.5 * none,
        f"they are {old / ten:.1f}x as fast as FastAPI's own (at least 20x)": old >= 20 * ten,
        f"a layer costs {layer / bare:.3f}x of a bare request, {layer:.2f} us (at most 0.06x)": layer <= 0.06 * bare,
    }


def tell(kept: dict[str, bool]) -> int:
    """Print promises; return how many are broken."""
    for text, is_kept in kept.items():
        print(f"  {'ok    ' if is_kept else 'BROKEN'}  {text}")
    return sum(not is_kept for is_kept in kept.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--no-server", action="store_true")
    given = parser.parse_args()
    broken = 0
    for spec in ("2.3", "2.4"):
        median = asyncio.run(compare(spec, given.rounds, given.requests))
        print(f"\nGET /hello, ASGI {spec}: microseconds of CPU time per request, ratio to bare FastAPI")
        for name, value in median.items():
            print(f"  {name:42}{value:10.1f}{value / median[BARE]:9.2f}x")
        broken += tell(promises(median))
        inner, own = median[BASE] - median[BARE], median[INLINE] - median[NONE]
        print(f"          the ten layers alone: {inner / own:.1f}x as fast as FastAPI's own")
    hand, case = asyncio.run(compare_routes(given.rounds, given.requests))
    print(f"\nGET /users/7: by hand on FastAPI {hand:.1f} us, as a use case on Vega {case:.1f} us")
    broken += tell({f"the use case costs {case / hand:.2f}x of the route by hand (at most 1.10x)": case <= 1.1 * hand})
    loop, room = asyncio.run(_web_sockets.compare(given.rounds, 50))
    others = asyncio.run(_web_sockets.isolation(500))
    print(f"\na message to {_web_sockets.SOCKETS} sockets: bare loop {loop:.2f} us each, room {room:.2f} us each")
    broken += tell(
        {
            f"a room costs {room / loop:.2f}x of the loop (at most 2x)": room <= 2 * loop,
            f"{others} of {_web_sockets.SOCKETS - 1} got all while one never reads": others == _web_sockets.SOCKETS - 1,
        }
    )
    if not given.no_server:
        print("\nGET /hello over uvicorn: microseconds of CPU time of the server per request")
        for name, value in _web_server.compare({"none": "vega", "inline": "inlined", "base": "base"}).items():
            print(f"  {name:42}{value:10.1f}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
