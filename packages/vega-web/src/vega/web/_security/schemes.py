"""The contract of schemes: the ways to prove an identity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from .principal import Principal


class AuthenticationScheme(Protocol):
    """One way to prove an identity; derive from it, or take `BearerTokens`, `ApiKeys` or `SessionCookies`.

    A class may have an attribute `security_scheme` too, its Security Scheme Object in the OpenAPI document (OpenAPI
    3.1.1, 4.8.27). Without it, the authentication scheme that `challenge` names is documented, if it names any.

    Attributes:
        challenge: the value of `WWW-Authenticate` (RFC 9110, 11.6.1); empty where a 401 should have none.
    """

    challenge: str

    @abstractmethod
    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        """Return who sends a request; None where it has no credentials of this scheme.

        Raises:
            UnauthenticatedError: it has some, and they prove nothing.
        """


def security_schemes(schemes: Sequence[AuthenticationScheme]) -> dict[str, Mapping[str, Any]]:
    """Return the Security Scheme Objects of schemes by the names of their classes, a second one with a number."""
    documented: dict[str, Mapping[str, Any]] = {}
    for scheme in schemes:
        described: Mapping[str, Any] | None = getattr(scheme, "security_scheme", None)
        if described is None and scheme.challenge:
            described = {"type": "http", "scheme": scheme.challenge.split()[0].lower()}
        if described is not None and described not in documented.values():
            name = type(scheme).__name__
            documented[f"{name}{len(documented) + 1}" if name in documented else name] = described
    return documented
