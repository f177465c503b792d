"""No more requests than were agreed."""

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
    """The count of one request.

    Attributes:
        key: the sender for whom it is counted.
        verdicts: of the limits, in their order; empty where the store could not be reached.
        headers: of the answer.
    """

    key: str
    verdicts: Sequence[Verdict] = ()
    headers: list[Header] = field(default_factory=list[Header])


@final
class RateLimitingMiddleware:
    """Counts requests and handshakes of WebSockets by who sends them; answers 429 above the limit.

    Every answer has `RateLimit-Policy` and `RateLimit`, a refusal `Retry-After` too. A request is counted for the
    client's address (the /64 network of an IPv6 one) until `AuthenticationMiddleware` finds its user, and for the user
    from there on. So wrong credentials stay counted for the address, and above its limit no credentials are looked
    at, whether it stands outside of authentication or inside. Behind proxies, put `TrustedProxyMiddleware` outside, or
    all clients have the proxy's address. A request that one limit refuses counts against none.

    Args:
        app: the next application.
        limits: all must let a request pass; one of each name.
        store: where the counts are; in the memory of this process, in bounds, when None. Several processes share a
            limit through a `RedisStore`.
        key: returns who sends a request, instead; it is asked before and after the user is known.
        on_failure: what happens when the store cannot be reached: `open` lets requests pass, `closed` answers 503.
        skip: paths that are not counted; `*` stands for any characters.

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
        """Add the answer above a limit to an operation that is counted."""
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
        """Count a request for the sender known now, and no longer for the one known before.

        Returns:
            Whether it may pass; False: it was answered.
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
        """Count a request no longer: the branch of the pipeline in which the limit stands is not for its sender."""
        count: _Count | None = scope.pop(self._place, None)
        if count is not None:
            with suppress(StoreError):  # it stays counted
                await uninterrupted(give_back(self._store, count.verdicts, get_clock().now().timestamp()))

    async def _count(self, key: str, before: _Count | None) -> list[Verdict]:
        now = get_clock().now().timestamp()
        verdicts = await take_all(self._store, self._limits, key, now)
        if before is not None:
            with suppress(StoreError):  # it stays counted for both
                await uninterrupted(give_back(self._store, before.verdicts, now))
        return verdicts


def _texts(headers: Sequence[Header]) -> Mapping[str, str]:
    return {name.decode("ascii"): value.decode("ascii") for name, value in headers}


def _field(verdict: Verdict) -> str:
    return f'"{verdict.limit.name}";r={verdict.remaining};t={math.ceil(verdict.reset)}'
