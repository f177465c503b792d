"""No more requests than were agreed."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Final, Literal, final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.core import MemoryStore, Store, StoreUnavailableError
from vega.patterns import get_clock

from ..._paths import PathPatterns
from ..._problems.denial import deny
from ..._stores.rate_limits import Limit, Verdict, take
from ..asgi_headers import send_with
from .senders import KeyOf, user_or_address

_log = logging.getLogger("vega.web")
DEFAULT: Final = Limit(rate=100, per=60.0)


@final
class RateLimitingMiddleware:
    """Counts requests and handshakes of WebSockets by who sends them; answers 429 above the limit.

    Every answer tells `RateLimit-Policy` and `RateLimit`, a refusal `Retry-After` too. Who is the user that
    `AuthenticationMiddleware` found, where there is one, else the client's address (the /64 network of an IPv6 one).
    Behind proxies, put `TrustedProxyMiddleware` outside, or everybody has the proxy's address.

    Args:
        app: the next application.
        limits: all must let a request pass; one of each name.
        store: where the counts are; in the memory of this process, in bounds, when None. Several processes share a
            limit through a `RedisStore`.
        key: returns who sends a request, instead.
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
        self._app, self._limits, self._key, self._skip = app, tuple(limits), key or user_or_address, PathPatterns(skip)
        self._store: Store = store if store is not None else MemoryStore()
        self._is_open = on_failure == "open"
        policy = ", ".join(f'"{limit.name}";q={limit.quota};w={math.ceil(limit.per)}' for limit in self._limits)
        self._policy = (b"ratelimit-policy", policy.encode("ascii"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._skip.match(scope):
            await self._app(scope, receive, send)
            return
        key = self._key(HTTPConnection(scope))
        try:
            verdicts = [await take(self._store, limit, key, get_clock().now().timestamp()) for limit in self._limits]
        except StoreUnavailableError:
            _log.warning("the rate limits cannot be counted: requests are %s", "let in" if self._is_open else "refused")
            if self._is_open:
                await self._app(scope, receive, send)
            else:
                await deny(scope, receive, send, 503, detail="try again later", headers={"retry-after": "1"})
            return
        refused = [verdict for verdict in verdicts if not verdict.is_allowed]
        current = (b"ratelimit", ", ".join(_told(verdict) for verdict in verdicts).encode("ascii"))
        if refused:
            wait = math.ceil(max(verdict.retry_after for verdict in refused))
            headers = {"retry-after": str(wait), "ratelimit-policy": self._policy[1].decode("ascii")}
            headers["ratelimit"] = current[1].decode("ascii")
            await deny(scope, receive, send, 429, detail=f"try again in {wait} s", headers=headers)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await send_with((self._policy, current), self._app, scope, receive, send)


def _told(verdict: Verdict) -> str:
    return f'"{verdict.limit.name}";r={verdict.remaining};t={math.ceil(verdict.reset)}'
