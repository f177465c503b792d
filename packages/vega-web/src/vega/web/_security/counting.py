"""The port between authentication and rate limits: requests are counted before and after their user is known."""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

from starlette.types import Receive, Scope, Send

COUNTERS: Final = "vega.counters"  # the key of the connection scope under which those outside of authentication stand


@runtime_checkable
class RequestCounter(Protocol):
    """Middleware that counts requests by who sends them."""

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Count a request for the sender known now, and no longer for the one known before.

        Returns:
            Whether it may pass; False: it was answered.
        """
        ...

    async def release(self, scope: Scope) -> None:
        """Count a request no longer, which turns out not to be meant."""
        ...
