"""JSON Web Tokens in the Authorization header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, final

from starlette.requests import HTTPConnection

from .._errors import UnauthenticatedError, WebError
from .jwks import JwkSet
from .principal import Principal
from .schemes import AuthenticationScheme

_SYMMETRIC: Final = frozenset({"HS256", "HS384", "HS512"})
_LONGEST: Final = 16 * 1024


@final
class BearerTokens(AuthenticationScheme):
    """An authentication scheme for signed tokens, `Authorization: Bearer ...`; needs the extra `jwt`.

    Only the configured algorithms are accepted, regardless of the token's header; `exp` and `sub` are required, `nbf`,
    `iss` and `aud` are checked. Browsers cannot send the header with a WebSocket, so the token may be sent in the
    subprotocols `["bearer", TOKEN]`.

    Args:
        key: the shared secret (HS*), the public key in PEM form, or a `JwkSet` for rotating keys.
        algorithms: the algorithms of the key, such as `["RS256"]`; shared secrets and public keys do not mix.
        issuer: the required `iss`; any when None.
        audience: the required `aud`.
        leeway: the tolerated difference of clocks, in seconds.
        roles_claim: the claim with the list of roles.

    Raises:
        WebError: the list of algorithms is empty, contains `none`, or does not fit the key.

    Source: RFC 7519; RFC 8725 for refused tokens.
    """

    challenge: str = "Bearer"
    security_scheme: Mapping[str, str] = MappingProxyType({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})

    def __init__(
        self,
        key: str | bytes | JwkSet,
        *,
        algorithms: Sequence[str],
        issuer: str | None = None,
        audience: str | None = None,
        leeway: float = 10.0,
        roles_claim: str = "roles",
    ) -> None:
        from jwt import PyJWT

        names = {name.upper() for name in algorithms}
        is_mixed = bool(names & _SYMMETRIC) and (bool(names - _SYMMETRIC) or isinstance(key, JwkSet))
        if not names or "NONE" in names or is_mixed:
            raise WebError(
                f"{', '.join(algorithms) or 'no algorithm'} cannot be checked with this key",
                "BearerTokens(algorithms=...)",
                "name the algorithms of the one key: HS256 for a secret, RS256 or ES256 for public keys",
            )
        self._jwt, self._key, self._algorithms = PyJWT(), key, list(algorithms)
        self._issuer, self._audience, self._leeway, self._roles = issuer, audience, leeway, roles_claim

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        """Return the principal of the token, or None without a token."""
        token = _token_of(connection)
        if token is None:
            return None
        claims = await self._claims(token)
        scopes = claims.get("scope", "")
        return Principal(
            subject=str(claims["sub"]),
            roles=frozenset(map(str, _listed(claims.get(self._roles)))),
            scopes=frozenset(scopes.split() if isinstance(scopes, str) else map(str, _listed(scopes))),
            claims=claims,
            scheme="bearer",
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        from jwt import InvalidTokenError

        if len(token) > _LONGEST:
            raise _invalid()
        try:
            key = await self._key_of(token) if isinstance(self._key, JwkSet) else self._key
            claims: dict[str, Any] = self._jwt.decode(
                token,
                key,
                algorithms=self._algorithms,
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": ["exp", "sub"], "verify_aud": self._audience is not None},
            )
        except (InvalidTokenError, ValueError, TypeError) as error:
            raise _invalid() from error
        return claims

    async def _key_of(self, token: str) -> Any:
        from jwt import get_unverified_header

        assert isinstance(self._key, JwkSet)
        header = get_unverified_header(token)
        if header.get("alg") not in self._algorithms:
            raise _invalid()
        return await self._key.find(header.get("kid"))


def _invalid() -> UnauthenticatedError:
    return UnauthenticatedError("the token is not valid", "Authorization", "ask for a new one")


def _token_of(connection: HTTPConnection) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if connection.scope["type"] == "websocket":
        offered = list(connection.scope.get("subprotocols", ()))
        if len(offered) >= 2 and offered[0].lower() == "bearer":
            return str(offered[1])
    return None


def _listed(value: Any) -> Sequence[Any]:
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]  # untyped claims
