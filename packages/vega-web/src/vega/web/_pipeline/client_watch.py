"""Sees whether the client of a streamed answer is still there, where the server speaks an ASGI below 2.4.

At ASGI 2.4 `send` raises `OSError` once the client has left. Below it nothing says so, and Starlette's responses read
`receive` for the end of the connection, in a task group of anyio that stays open while the answer is streamed. A scope
of anyio around `call_next` cannot be left while that group is open. Inline functions therefore show the application
ASGI 2.4: it streams in the task of the request, and one task reads `receive` beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any, Final, final

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

BELOW_2_4: Final = frozenset({"2.0", "2.1", "2.2", "2.3"})


@final
class ClientWatch:
    """Cancels the task of a request when its client leaves, until stopped.

    Messages of the request that come meanwhile are kept for the application. Once the application reads them itself,
    the watch ends: it learns of the end from `receive`.

    Args:
        receive: the server's.
        task: the task that streams the answer.

    Attributes:
        is_gone: whether the client has left.
    """

    def __init__(self, receive: Receive, task: asyncio.Task[Any]) -> None:
        self.is_gone = False
        self._receive, self._request = receive, task
        self._ahead: deque[Message] = deque()
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while True:
            try:
                message = await self._receive()
            except Exception:  # noqa: BLE001 - such as a limit of the body, raised again where the application reads
                return
            if message["type"] == "http.disconnect":
                self.is_gone = True
                self._request.cancel()
                return
            self._ahead.append(message)
            if message.get("more_body"):
                return  # an upload that is not read; the rest stays with the server

    async def receive(self) -> Message:
        """Return the next message, to the application, which watches the client itself from here on."""
        self.stop()
        if self._ahead:
            return self._ahead.popleft()
        return {"type": "http.disconnect"} if self.is_gone else await self._receive()

    def check(self) -> None:
        """Refuse to send to a client that has left, as a server does at ASGI 2.4.

        Raises:
            OSError: the client has left.
        """
        if self.is_gone:
            raise OSError("the client has left")

    def stop(self) -> None:
        """Watch no longer."""
        self._watching.cancel()

    async def end(self, error: BaseException | None) -> bool:
        """Stop, and take back the cancellation of a client that has left.

        Args:
            error: the end of the answer; None if whole.

        Returns:
            Whether the error is only that the client has left.
        """
        self.stop()
        if not self.is_gone:
            return False
        if not isinstance(error, asyncio.CancelledError):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)  # raises a cancellation that is on its way
        is_cancelled = self._request.uncancel() > 0  # by another, such as the server
        return not is_cancelled and isinstance(error, asyncio.CancelledError | ClientDisconnect | OSError)
