"""The contract of schemes: the ways to prove an identity."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from starlette.requests import HTTPConnection

from .principal import Principal


class AuthenticationScheme(Protocol):
    """One way to prove an identity; derive from it, or take `BearerTokens`, `ApiKeys` or `SessionCookies`.

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
