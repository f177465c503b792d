"""A time limit that ends the work."""

from __future__ import annotations

import asyncio
from typing import final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..._problems.problems import problem


@final
class TimeoutMiddleware:
    """Answers 504 when the answer has not begun in time, and cancels what the application was doing.

    What has begun may take as long as it takes, so that streams and downloads live. Stand it on a route for a limit
    of its own: `middleware=[Middleware(TimeoutMiddleware, seconds=60)]`, where the application's is longer.

    Args:
        app: the next application.
        seconds: until the first byte; above 0.
    """

    def __init__(self, app: ASGIApp, *, seconds: float = 30.0) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False
        limit = asyncio.timeout(self._seconds)

        async def sending(message: Message) -> None:
            nonlocal has_started
            if not has_started and message["type"] == "http.response.start":
                if limit.expired():  # the cancellation is on its way
                    await asyncio.sleep(0)
                    raise asyncio.CancelledError
                has_started = True
                limit.reschedule(None)
            await send(message)

        try:
            async with limit:
                await self._app(scope, receive, sending)
        except TimeoutError:
            if has_started or not limit.expired():
                raise
            await problem(scope, 504, detail=f"no answer within {self._seconds:g} s")(scope, receive, send)
