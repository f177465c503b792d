"""A FastAPI request in process, without a server: its handler is built by hand, or by the container."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from _di_vega import Vega
from _di_workload import fresh


def _applications() -> tuple[Any, Any]:
    from fastapi import FastAPI

    w, made = fresh(), Vega()
    by_hand, by_container = FastAPI(), FastAPI()
    container = made._container()

    @by_hand.get("/")
    async def hand() -> dict[str, bool]:
        session = w.Session()
        handler = w.Handler(session, w.Uow(session), w.RepoA(session), w.RepoB(session), w.Clock(), w.Mapper())
        return {"shared": handler.session is handler.a.session}

    async def work(handler: Any) -> dict[str, bool]:
        return {"shared": handler.session is handler.a.session}

    work.__annotations__ = {"handler": made.w.Handler}
    bound = container.bind(work)

    @by_container.get("/")
    async def injected() -> dict[str, bool]:
        answer: dict[str, bool] = await bound()
        return answer

    return by_hand, by_container


async def _requests(app: Any, count: int) -> float:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"}
    scope |= {"path": "/", "raw_path": b"/", "query_string": b"", "root_path": "", "headers": []}
    start = time.thread_time()
    for _ in range(count):
        sent.clear()
        await app(dict(scope), receive, send)
    took = time.thread_time() - start
    assert sent[1]["body"] == b'{"shared":true}'
    return took / count


def request_ratio(rounds: int, count: int = 300) -> float:
    """Give the ratio of a request whose handler the container builds to one that builds it by hand."""

    async def main() -> float:
        by_hand, by_container = _applications()
        await _requests(by_hand, count)
        await _requests(by_container, count)
        return statistics.median(
            [1 / (await _requests(by_hand, count) / await _requests(by_container, count)) for _ in range(rounds)]
        )

    return asyncio.run(main())
