"""The protocol of authentication schemes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from .principal import Principal


class AuthenticationScheme(Protocol):
    """A way to authenticate; subclass it, or use `BearerTokens`, `ApiKeys` or `SessionCookies`.

    A class may also have an attribute `security_scheme`: its Security Scheme Object for the OpenAPI document (OpenAPI
    3.1.1, 4.8.27). Without the attribute, the HTTP authentication scheme in `challenge`, if any, is documented.

    Attributes:
        challenge: the value of `WWW-Authenticate` (RFC 9110, 11.6.1); empty for 401 responses without the header.
    """

    challenge: str

    @abstractmethod
    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        """Return the principal of a request; None without credentials of this scheme.

        Raises:
            UnauthenticatedError: the credentials are invalid.
        """


def security_schemes(schemes: Sequence[AuthenticationScheme]) -> dict[str, Mapping[str, Any]]:
    """Return the Security Scheme Objects by class name, with a number appended to repeated names."""
    documented: dict[str, Mapping[str, Any]] = {}
    for scheme in schemes:
        described: Mapping[str, Any] | None = getattr(scheme, "security_scheme", None)
        if described is None and scheme.challenge:
            described = {"type": "http", "scheme": scheme.challenge.split()[0].lower()}
        if described is not None and described not in documented.values():
            name = type(scheme).__name__
            documented[f"{name}{len(documented) + 1}" if name in documented else name] = described
    return documented
