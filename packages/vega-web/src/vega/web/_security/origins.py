"""Origins accepted for cookies and WebSockets (RFC 6454; Fetch, section 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from starlette.types import Scope

Allows: TypeAlias = Callable[[str], bool]

# Keys of the connection scope: functions of an origin, set by outer middleware.
WITH_COOKIES: Final = "vega.origins.with_cookies"  # pages that may use session cookies
TO_CONNECT: Final = "vega.origins.to_connect"  # pages that may open a WebSocket


def allow(scope: Scope, key: str, allows: Allows) -> None:
    """Allow further origins for the inner application."""
    scope[key] = (*scope.get(key, ()), allows)


def is_allowed(scope: Scope, key: str, origin: str) -> bool:
    """Return whether outer middleware allows an origin."""
    return any(allows(origin) for allows in scope.get(key, ()))


def is_own(scope: Scope, origin: str) -> bool:
    """Return whether an origin equals the host and port of the request, for any scheme."""
    host = next((str(value, "latin-1") for name, value in scope["headers"] if name == b"host"), "")
    return bool(host) and _netloc(origin) == host.lower()


def host_of(origin: str) -> str:
    """Return the host of an origin in lower case, without the port; empty for `null` and malformed origins.

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
