"""Rate limiting of requests and WebSocket handshakes."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.core import MemoryStore, Store, StoreError, StoreUnavailableError
from vega.patterns import get_clock

from ..._paths import PathPatterns
from ..._pipeline.documented import Operation
from ..._problems.denial import deny
from ..._security.counting import COUNTERS
from ..._stores.rate_limits import Limit, Verdict, give_back, take_all
from ..._stores.uninterrupted import uninterrupted
from ..asgi_headers import Header, send_with
from .senders import KeyOf, user_or_address

_log = logging.getLogger("vega.web")
DEFAULT: Final = Limit(rate=100, per=60.0)


@final
@dataclass(slots=True)
class _Count:
    """The count of a request.

    Attributes:
        key: the counted sender.
        verdicts: of the limits, in order; empty if the store was unavailable.
        headers: of the response.
    """

    key: str
    verdicts: Sequence[Verdict] = ()
    headers: list[Header] = field(default_factory=list[Header])


@final
class RateLimitingMiddleware:
    """Middleware that counts requests and WebSocket handshakes by sender; responds 429 above the limit.

    Every response has `RateLimit-Policy` and `RateLimit`, a refusal also `Retry-After`. A request counts for the
    client's address (for IPv6, the /64 network) until `AuthenticationMiddleware` finds the user, and afterwards for the
    user. So invalid credentials count for the address, and above the limit of an address no credentials are checked,
    whether the limit is outside or inside of authentication. Behind proxies, add `TrustedProxyMiddleware` outside, or
    all clients share the proxy's address. A request refused by one limit counts against none.

    Args:
        app: the next application.
        limits: a request must pass all of them; with distinct names.
        store: keeps the counts; in bounded memory of this process when None. Several processes share a limit through a
            `RedisStore`.
        key: returns the identity of the sender, instead of the above; called before and after authentication.
        on_failure: the policy while the store is unavailable: `open` admits requests, `closed` responds 503.
        skip: paths that are not counted; `*` matches any characters.

    Source: draft-ietf-httpapi-ratelimit-headers-10 for the headers; RFC 6585 for 429.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Sequence[Limit] = (DEFAULT,),
        store: Store | None = None,
        key: KeyOf | None = None,
        on_failure: Literal["open", "closed"] = "open",
        skip: Sequence[str] = ("/health/*",),
    ) -> None:
        self._app, self._limits, self._skip = app, tuple(limits), PathPatterns(skip)
        self._key = key or user_or_address
        self._store: Store = store if store is not None else MemoryStore()
        self._is_open = on_failure == "open"
        policy = ", ".join(f'"{limit.name}";q={limit.quota};w={math.ceil(limit.per)}' for limit in self._limits)
        self._policy = (b"ratelimit-policy", policy.encode("ascii"))
        self._place = f"vega.count.{id(self)}"  # a key of the connection scope

    def document(self, operation: Operation) -> None:
        """Add the response above a limit to an operation that is counted."""
        if self._limits and not self._skip.match({"path": operation.path}):
            operation.answers[429] = "Too many requests were sent"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self.admit(scope, receive, send):
            return
        count: _Count | None = scope.get(self._place)
        if count is None:  # skipped
            await self._app(scope, receive, send)
            return
        scope[COUNTERS] = (*scope.get(COUNTERS, ()), self)
        if scope["type"] == "websocket" or not count.headers:
            await self._app(scope, receive, send)
        else:
            await send_with(count.headers, self._app, scope, receive, send)

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Count a request for its current sender, and undo the count for an earlier sender.

        Returns:
            Whether the request may pass; if False, the response was sent.
        """
        if scope["type"] not in {"http", "websocket"} or self._skip.match(scope):
            return True
        key = self._key(HTTPConnection(scope))
        before: _Count | None = scope.get(self._place)
        if before is not None and before.key == key:
            return True
        try:
            verdicts = await self._count(key, before)
        except StoreUnavailableError:
            _log.warning("the rate limits cannot be counted: requests are %s", "let in" if self._is_open else "refused")
            if self._is_open:
                scope.setdefault(self._place, _Count(key)).key = key
            else:
                await deny(scope, receive, send, 503, detail="try again later", headers={"retry-after": "1"})
            return self._is_open
        current = (b"ratelimit", ", ".join(map(_field, verdicts)).encode("ascii"))
        count: _Count = scope.setdefault(self._place, _Count(key))
        count.key, count.verdicts, count.headers[:] = key, verdicts, (self._policy, current)
        refused = [verdict.retry_after for verdict in verdicts if not verdict.is_allowed]
        if not refused:
            return True
        wait = math.ceil(max(refused))
        headers = {"retry-after": str(wait), **_texts(count.headers)}
        await deny(scope, receive, send, 429, detail=f"try again in {wait} s", headers=headers)
        return False

    async def release(self, scope: Scope) -> None:
        """Undo the count of a request outside of the limit's branch."""
        count: _Count | None = scope.pop(self._place, None)
        if count is not None:
            with suppress(StoreError):  # the request remains counted
                await uninterrupted(give_back(self._store, count.verdicts, get_clock().now().timestamp()))

    async def _count(self, key: str, before: _Count | None) -> list[Verdict]:
        now = get_clock().now().timestamp()
        verdicts = await take_all(self._store, self._limits, key, now)
        if before is not None:
            with suppress(StoreError):  # the request remains counted for both
                await uninterrupted(give_back(self._store, before.verdicts, now))
        return verdicts


def _texts(headers: Sequence[Header]) -> Mapping[str, str]:
    return {name.decode("ascii"): value.decode("ascii") for name, value in headers}


def _field(verdict: Verdict) -> str:
    return f'"{verdict.limit.name}";r={verdict.remaining};t={math.ceil(verdict.reset)}'
