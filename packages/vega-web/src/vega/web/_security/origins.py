"""Origins: the pages whose requests and WebSockets an application takes (RFC 6454; Fetch, section 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from starlette.types import Scope

Allows: TypeAlias = Callable[[str], bool]

# Keys of the connection scope: what middleware outside allows, as functions of an origin.
WITH_COOKIES: Final = "vega.origins.with_cookies"  # pages that may use the session of their reader
TO_CONNECT: Final = "vega.origins.to_connect"  # pages that may open a WebSocket


def allow(scope: Scope, key: str, allows: Allows) -> None:
    """Have the application inside allow further origins."""
    scope[key] = (*scope.get(key, ()), allows)


def is_allowed(scope: Scope, key: str, origin: str) -> bool:
    """Return whether middleware outside allows an origin."""
    return any(allows(origin) for allows in scope.get(key, ()))


def is_own(scope: Scope, origin: str) -> bool:
    """Return whether an origin is that of the host and port that the request is for, by whatever scheme."""
    host = next((str(value, "latin-1") for name, value in scope["headers"] if name == b"host"), "")
    return bool(host) and _netloc(origin) == host.lower()


def host_of(origin: str) -> str:
    """Return the host of an origin in lower case, without its port; empty for `null` and what is not an origin.

    >>> host_of("https://Shop.example:8443"), host_of("null"), host_of("https://[")
    ('shop.example', '', '')
    """
    netloc = _netloc(origin)
    return netloc[: netloc.find("]") + 1] if netloc.startswith("[") else netloc.partition(":")[0]


def _netloc(origin: str) -> str:
    try:
        parts: Any = urlsplit(origin)
    except ValueError:
        return ""
    return str(parts.netloc).lower() if parts.scheme and f"{parts.scheme}://{parts.netloc}" == origin else ""
