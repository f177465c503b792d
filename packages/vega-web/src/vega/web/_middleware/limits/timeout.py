"""Time limits for requests."""

from __future__ import annotations

import asyncio
from typing import final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..._problems.problems import problem


@final
class TimeoutMiddleware:
    """Middleware that responds 504 if the response does not start in time, and cancels the application.

    A started response may take any time, so streams and downloads are not cut. For a limit per route, add the
    middleware to the route: `middleware=[Middleware(TimeoutMiddleware, seconds=60)]`; the limit of the application must
    be longer.

    Args:
        app: the next application.
        seconds: time until the first byte; above 0.
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
                if limit.expired():  # a cancellation is pending
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
