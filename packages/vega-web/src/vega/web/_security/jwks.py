"""Rotating public keys of an issuer."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from typing import Any, Final, final
from urllib.parse import urlsplit

from .._errors import KeysUnavailableError, UnauthenticatedError, WebError

_LARGEST: Final = 1024 * 1024


@final
class JwkSet:
    """A JSON Web Key Set, cached, and fetched again when expired or when a key is unknown.

    Unknown key ids cause at most one fetch per `cooldown`, regardless of the number of requests. While the issuer is
    unavailable, known keys remain valid.

    Args:
        url: the URL of the set; HTTPS, or HTTP on this machine.
        lifetime: seconds until the set expires.
        cooldown: minimum seconds between two fetches.
        timeout: seconds for a fetch.

    Raises:
        WebError: the URL is neither HTTPS nor local.

    Source: RFC 7517.
    """

    def __init__(self, url: str, *, lifetime: float = 600.0, cooldown: float = 10.0, timeout: float = 5.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise WebError(f"{url} is not safe", "JwkSet", "give an https:// address")
        self._url, self._lifetime, self._cooldown, self._timeout = url, lifetime, cooldown, timeout
        self._keys: dict[str | None, Any] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> Any:
        """Return the public key of an id.

        Raises:
            UnauthenticatedError: the issuer has no such key.
            KeysUnavailableError: the keys were never fetched, and cannot be fetched now.
        """
        now = time.monotonic()
        if (kid not in self._keys or now - self._fetched > self._lifetime) and now - self._tried > self._cooldown:
            await self._refresh()
        elif self._fetching is not None and kid not in self._keys:
            await asyncio.shield(self._fetching)
        if kid in self._keys:
            return self._keys[kid]
        if self._fetched == float("-inf"):
            raise KeysUnavailableError(
                "the keys of the issuer cannot be fetched", self._url, "check the issuer's server"
            )
        raise UnauthenticatedError("the token is not valid", "Authorization", "ask for a new one")

    async def _refresh(self) -> None:
        self._tried = time.monotonic()
        self._fetching = asyncio.ensure_future(self._fetch())
        try:
            await asyncio.shield(self._fetching)
        finally:
            self._fetching = None

    async def _fetch(self) -> None:
        from jwt import PyJWKSet, PyJWKSetError

        try:
            key_set = PyJWKSet.from_dict(json.loads(await asyncio.to_thread(self._read)))
        except (OSError, ValueError, PyJWKSetError):
            return  # known keys remain valid; `find` reports unknown keys
        self._keys = {key.key_id: key.key for key in key_set.keys if key.public_key_use in {None, "sig"}}
        self._fetched = time.monotonic()

    def _read(self) -> bytes:
        request = urllib.request.Request(self._url, headers={"accept": "application/json"})  # noqa: S310 - the scheme was checked
        with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # noqa: S310 - as above
            body: bytes = answer.read(_LARGEST)
        return body
