"""Sessions of browsers: a random id in a cookie, the rest in a `Store`."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Final, Literal, final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from vega.core import Store

from .._errors import UnauthenticatedError
from .principal import Principal

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@final
class SessionCookies:
    """Proves an identity by a cookie whose session this application began; ends it at once where it is ended.

    A request that changes something, or opens a WebSocket, must come from a page of the same host: the browser tells
    it (`Sec-Fetch-Site`, `Origin`), so that other sites cannot use the cookie.

    Args:
        store: keeps the sessions; under the digest of their id.
        cookie: its name. `__Host-` makes browsers insist on HTTPS.
        lifetime: seconds since the last request for which a session lives.
        secure: False only for development without HTTPS; then name the cookie without `__Host-`.
        same_site: `strict` for pages that nobody links to.
    """

    challenge: Final = ""

    def __init__(
        self,
        store: Store,
        *,
        cookie: str = "__Host-session",
        lifetime: float = 8 * 3600,
        secure: bool = True,
        same_site: Literal["lax", "strict"] = "lax",
    ) -> None:
        self._store, self._cookie, self._lifetime = store, cookie, lifetime
        self._secure = secure
        self._same_site: Literal["lax", "strict"] = same_site

    async def begin(self, response: Response, principal: Principal) -> None:
        """Begin a session, always with a new id, and give its cookie to a response."""
        identity = secrets.token_urlsafe(32)
        told = {
            "subject": principal.subject,
            "roles": sorted(principal.roles),
            "scopes": sorted(principal.scopes),
            "claims": dict(principal.claims),
        }
        await self._store.set(_place(identity), json.dumps(told).encode(), ttl=self._lifetime)
        response.set_cookie(
            self._cookie, identity, httponly=True, secure=self._secure, samesite=self._same_site, path="/"
        )

    async def end(self, connection: HTTPConnection, response: Response) -> None:
        """End the session of a request, if it has one, and take its cookie away."""
        identity = connection.cookies.get(self._cookie)
        if identity:
            await self._store.delete(_place(identity))
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True)

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        """Return whose session it is; None where there is none, or it has ended."""
        identity = connection.cookies.get(self._cookie)
        if not identity:
            return None
        place = _place(identity)
        kept = await self._store.get(place)
        if kept is None:
            return None
        if connection.scope.get("method") not in _SAFE and not _is_from_here(connection):
            raise UnauthenticatedError("the request comes from another site", "Origin", "send it from the same host")
        await self._store.swap(place, kept, kept, ttl=self._lifetime)
        told = json.loads(kept)
        return Principal(
            subject=told["subject"],
            roles=frozenset(told["roles"]),
            scopes=frozenset(told["scopes"]),
            claims=told["claims"],
            scheme="session",
        )


def _place(identity: str) -> str:
    return f"session:{hashlib.sha256(identity.encode()).hexdigest()}"


def _is_from_here(connection: HTTPConnection) -> bool:
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host", "")
