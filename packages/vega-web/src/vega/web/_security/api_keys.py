"""API keys in a header."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, final

from starlette.requests import HTTPConnection

from .._errors import UnauthenticatedError
from .principal import Principal
from .schemes import AuthenticationScheme

Lookup: TypeAlias = Callable[[str], Awaitable[Principal | None]]


@final
class ApiKeys(AuthenticationScheme):
    """An authentication scheme for keys in a header; stores and looks up only digests of keys.

    Args:
        keys: the principals by digest of their key, or a lookup function by digest. See `ApiKeys.digest`.
        header: the header with the key.
    """

    challenge: str = "ApiKey"

    def __init__(self, keys: Mapping[str, Principal] | Lookup, *, header: str = "x-api-key") -> None:
        self._find: Lookup = _in(keys) if isinstance(keys, Mapping) else keys  # pyright: ignore[reportUnknownArgumentType]  # a Mapping has one form only
        self._header = header
        self.security_scheme: Mapping[str, str] = {"type": "apiKey", "in": "header", "name": header}

    @staticmethod
    def digest(key: str) -> str:
        """Return the digest of a key: its SHA-256, as 64 hexadecimal digits. Keys must be long and random."""
        return hashlib.sha256(key.encode()).hexdigest()

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        """Return the principal of the key, or None without a key."""
        key = connection.headers.get(self._header)
        if key is None:
            return None
        principal = await self._find(self.digest(key))
        if principal is None:
            raise UnauthenticatedError("the key is not valid", self._header, "ask for a new one")
        return principal


def _in(keys: Mapping[str, Principal]) -> Lookup:
    async def find(digest: str) -> Principal | None:
        return keys.get(digest)

    return find
