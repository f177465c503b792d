"""Keys that programs send."""

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
    """Proves an identity by a key in a header; only digests of keys are kept or asked for.

    Args:
        keys: the principals by digest of their key, or what finds one by digest. `ApiKeys.digest` makes a digest.
        header: the header that brings the key.
    """

    challenge: str = "ApiKey"

    def __init__(self, keys: Mapping[str, Principal] | Lookup, *, header: str = "x-api-key") -> None:
        self._find: Lookup = _in(keys) if isinstance(keys, Mapping) else keys  # pyright: ignore[reportUnknownArgumentType]  # the one Mapping
        self._header = header
        self.security_scheme: Mapping[str, str] = {"type": "apiKey", "in": "header", "name": header}

    @staticmethod
    def digest(key: str) -> str:
        """Return what is kept of a key: its SHA-256, as 64 hexadecimal digits. Keys must be long and random."""
        return hashlib.sha256(key.encode()).hexdigest()

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        """Return whose key it is; None where there is none."""
        key = connection.headers.get(self._header)
        if key is None:
            return None
        found = await self._find(self.digest(key))
        if found is None:
            raise UnauthenticatedError("the key is not valid", self._header, "ask for a new one")
        return found


def _in(keys: Mapping[str, Principal]) -> Lookup:
    async def find(digest: str) -> Principal | None:
        return keys.get(digest)

    return find
