"""Detection of clients that leave during a streamed response, for servers below ASGI 2.4.

In ASGI 2.4, `send` raises `OSError` after the client has left. In earlier versions, Starlette's responses read
`receive` for the disconnect, in an anyio task group that stays open during the stream; an anyio scope around
`call_next` cannot be exited while the group is open. Therefore inline functions present ASGI 2.4 to the application:
the response streams in the task of the request, and a single further task reads `receive`.
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
    """A watch that cancels the task of a request when its client leaves, until stopped.

    Messages of the request received meanwhile are kept for the application. When the application reads `receive`
    itself, the watch ends.

    Args:
        receive: the server's `receive`.
        task: the task that streams the response.

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
            except Exception:  # noqa: BLE001 - such as a body limit, raised again when the application reads
                return
            if message["type"] == "http.disconnect":
                self.is_gone = True
                self._request.cancel()
                return
            self._ahead.append(message)
            if message.get("more_body"):
                return  # an unread upload; the remainder stays with the server

    async def receive(self) -> Message:
        """Return the next message to the application, which from now on detects the disconnect itself."""
        self.stop()
        if self._ahead:
            return self._ahead.popleft()
        return {"type": "http.disconnect"} if self.is_gone else await self._receive()

    def check(self) -> None:
        """Raise if the client has left, as a server does in ASGI 2.4.

        Raises:
            OSError: the client has left.
        """
        if self.is_gone:
            raise OSError("the client has left")

    def stop(self) -> None:
        """Stop watching."""
        self._watching.cancel()

    async def end(self, error: BaseException | None) -> bool:
        """Stop, and take back the cancellation caused by the client's departure.

        Args:
            error: the error of the response; None if complete.

        Returns:
            Whether the departure of the client is the only error.
        """
        self.stop()
        if not self.is_gone:
            return False
        if not isinstance(error, asyncio.CancelledError):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)  # raises a pending cancellation
        is_cancelled = self._request.uncancel() > 0  # cancelled from elsewhere, such as the server
        return not is_cancelled and isinstance(error, asyncio.CancelledError | ClientDisconnect | OSError)
