"""The port between authentication and rate limits: requests are counted before and after their user is known."""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

from starlette.types import Receive, Scope, Send

COUNTERS: Final = "vega.counters"  # the key of the connection scope for counters outside of authentication


@runtime_checkable
class RequestCounter(Protocol):
    """Middleware that counts requests by sender."""

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Count a request for its current sender, and undo the count for an earlier sender.

        Returns:
            Whether the request may pass; if False, the response was sent.
        """
        ...

    async def release(self, scope: Scope) -> None:
        """Undo the count of a request outside of the limit's branch."""
        ...
