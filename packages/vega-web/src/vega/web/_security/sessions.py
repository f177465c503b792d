"""Browser sessions: a random id in a cookie, the data in a `Store`."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Final, Literal, final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from vega.core import Store

from .._errors import UnauthenticatedError
from .origins import WITH_COOKIES, is_allowed, is_own
from .principal import RECHECK, Principal
from .schemes import AuthenticationScheme

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@final
class SessionCookies(AuthenticationScheme):
    """An authentication scheme for session cookies; an ended session is invalid immediately.

    An unsafe request, or the handshake of a WebSocket, must come from a page of the same host, as reported by browsers
    (`Sec-Fetch-Site`, `Origin`). Other sites can neither use the cookie nor sign a user in under another name: unsafe
    requests without the cookie are refused too, except those with `Authorization`, which forms cannot send.

    Args:
        store: keeps the sessions under digests of their ids.
        cookie: the name of the cookie. With the prefix `__Host-`, browsers require HTTPS.
        lifetime: seconds from the last request to the expiry of a session.
        secure: False only for development without HTTPS; the name of the cookie must then lack `__Host-`.
        same_site: `strict` for pages without inbound links.
        origins: further origins trusted like the same host, such as `https://app.example`; origins of a
            `CORSMiddleware` with `allow_credentials` are trusted too.
    """

    challenge: str = ""

    def __init__(
        self,
        store: Store,
        *,
        cookie: str = "__Host-session",
        lifetime: float = 8 * 3600,
        secure: bool = True,
        same_site: Literal["lax", "strict"] = "lax",
        origins: Sequence[str] = (),
    ) -> None:
        self._store, self._cookie, self._lifetime = store, cookie, lifetime
        self.security_scheme: Mapping[str, str] = {"type": "apiKey", "in": "cookie", "name": cookie}
        self._secure, self._origins = secure, frozenset(origins)
        self._same_site: Literal["lax", "strict"] = same_site

    async def begin(self, response: Response, principal: Principal) -> None:
        """Begin a session with a new id, and set its cookie on a response."""
        identity = secrets.token_urlsafe(32)
        data = {
            "subject": principal.subject,
            "roles": sorted(principal.roles),
            "scopes": sorted(principal.scopes),
            "claims": dict(principal.claims),
        }
        await self._store.set(_place(identity), json.dumps(data).encode(), ttl=self._lifetime)
        response.set_cookie(
            self._cookie, identity, httponly=True, secure=self._secure, samesite=self._same_site, path="/"
        )

    async def end(self, connection: HTTPConnection, response: Response) -> None:
        """End the session of a request, if any, and delete its cookie."""
        identity = connection.cookies.get(self._cookie)
        if identity:
            await self._store.delete(_place(identity))
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True)

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        """Return the principal of the session; None if missing or ended.

        Raises:
            UnauthenticatedError: an unsafe request (RFC 9110, 9.2.1) comes from another site.
        """
        identity = connection.cookies.get(self._cookie)
        if not identity and "authorization" in connection.headers:
            return None
        if connection.scope.get("method") not in _SAFE and not self._is_from_here(connection):
            raise UnauthenticatedError("the request comes from another site", "Origin", "send it from the same host")
        if not identity:
            return None
        key = _place(identity)
        stored = await self._store.get(key)
        if stored is None:
            return None
        if RECHECK not in connection.scope:  # an idle WebSocket does not extend a session
            await self._store.swap(key, stored, stored, ttl=self._lifetime)
        data = json.loads(stored)
        return Principal(
            subject=data["subject"],
            roles=frozenset(data["roles"]),
            scopes=frozenset(data["scopes"]),
            claims=data["claims"],
            scheme="session",
        )

    def _is_from_here(self, connection: HTTPConnection) -> bool:
        origin = connection.headers.get("origin")
        if origin is not None and (origin in self._origins or is_allowed(connection.scope, WITH_COOKIES, origin)):
            return True
        site = connection.headers.get("sec-fetch-site")
        if site is not None:  # unlike Origin, distinguishes schemes
            return site in {"same-origin", "none"}
        return origin is None or is_own(connection.scope, origin)


def _place(identity: str) -> str:
    return f"session:{hashlib.sha256(identity.encode()).hexdigest()}"
