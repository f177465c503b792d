"""Sessions of browsers: a random id in a cookie, the rest in a `Store`."""

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
    """Proves an identity by a cookie whose session this application began; ends it at once where it is ended.

    A request that changes something, or opens a WebSocket, must come from a page of the same host: browsers say so
    (`Sec-Fetch-Site`, `Origin`). Other sites can neither use the cookie nor sign their reader in under another name, so
    requests without the cookie are refused too, unless they have an `Authorization`, which no form can send.

    Args:
        store: keeps the sessions; under the digest of their id.
        cookie: its name. `__Host-` makes browsers insist on HTTPS.
        lifetime: seconds since the last request for which a session lives.
        secure: False only for development without HTTPS; then name the cookie without `__Host-`.
        same_site: `strict` for pages that nobody links to.
        origins: further origins whose pages are trusted as those of the same host, such as `https://app.example`;
            those of a `CORSMiddleware` with `allow_credentials` are.
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
        """Return whose session it is; None where there is none, or it has ended.

        Raises:
            UnauthenticatedError: a page of another site sends it, and it is not a safe one (RFC 9110, 9.2.1).
        """
        identity = connection.cookies.get(self._cookie)
        if not identity and "authorization" in connection.headers:
            return None
        if connection.scope.get("method") not in _SAFE and not self._is_from_here(connection):
            raise UnauthenticatedError("the request comes from another site", "Origin", "send it from the same host")
        if not identity:
            return None
        place = _place(identity)
        kept = await self._store.get(place)
        if kept is None:
            return None
        if RECHECK not in connection.scope:  # an open WebSocket alone does not keep a session
            await self._store.swap(place, kept, kept, ttl=self._lifetime)
        told = json.loads(kept)
        return Principal(
            subject=told["subject"],
            roles=frozenset(told["roles"]),
            scopes=frozenset(told["scopes"]),
            claims=told["claims"],
            scheme="session",
        )

    def _is_from_here(self, connection: HTTPConnection) -> bool:
        origin = connection.headers.get("origin")
        if origin is not None and (origin in self._origins or is_allowed(connection.scope, WITH_COOKIES, origin)):
            return True
        site = connection.headers.get("sec-fetch-site")
        if site is not None:  # knows the scheme too
            return site in {"same-origin", "none"}
        return origin is None or is_own(connection.scope, origin)


def _place(identity: str) -> str:
    return f"session:{hashlib.sha256(identity.encode()).hexdigest()}"
