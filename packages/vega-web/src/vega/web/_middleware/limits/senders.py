"""Identification of senders: by user, else by credentials or address."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from fastapi.routing import iter_route_contexts
from fastapi.security.api_key import APIKeyBase
from starlette.requests import HTTPConnection

KeyOf: TypeAlias = Callable[[HTTPConnection], str]
_HEADERS: Final = frozenset({"authorization", "x-api-key"})
_COOKIES: Final = frozenset({"__Host-session", "session"})
_Names: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
_DEFAULTS: Final[_Names] = (tuple(sorted(_HEADERS)), tuple(sorted(_COOKIES)))
_by_app: WeakKeyDictionary[Any, _Names] = WeakKeyDictionary()


def user_or_address(connection: HTTPConnection) -> str:
    """Return the user of a request, else the client's address."""
    return _user(connection) or f"client:{network_of(connection.client.host if connection.client else '')}"


def user_or_credentials(connection: HTTPConnection) -> str:
    """Return the user of a request, else a digest of its credentials, regardless of the part that checks them.

    Credentials are `Authorization`, the header of `ApiKeys`, session cookies, and the headers and cookies of FastAPI
    security schemes on the application's routes.
    """
    user = _user(connection)
    if user:
        return user
    headers, cookies = _names(connection.scope.get("app"))
    digest = hashlib.sha256()
    for name in headers:
        _add(digest, name, connection.headers.getlist(name))
    sent = connection.cookies if "cookie" in connection.headers else {}
    for name in cookies:
        _add(digest, name, [sent[name]] if name in sent else ())
    return f"credentials:{digest.hexdigest()}"


def network_of(address: str) -> str:
    """Return the network of a client: an IPv4 address, or the /64 network of an IPv6 address.

    >>> network_of("2001:db8::1:2"), network_of("192.0.2.7")
    ('2001:db8::/64', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


def _user(connection: HTTPConnection) -> str:
    subject = getattr(connection.scope.get("user"), "subject", None)
    return f"user:{subject}" if subject else ""


def _add(digest: Any, name: str, values: Iterable[str]) -> None:
    for value in values:
        text = f"{name}\0{value}".encode("utf-8", "surrogateescape")
        digest.update(len(text).to_bytes(8, "big") + text)


def _names(app: Any) -> _Names:
    """Return the headers and cookies that carry credentials in an application; cached."""
    if app is None:
        return _DEFAULTS
    names = _by_app.get(app)
    if names is None:
        schemes = {scheme for context in iter_route_contexts(app.routes) for scheme in _schemes(context)}
        headers = _HEADERS | {name.lower() for place, name in schemes if place == "header"}
        cookies = _COOKIES | {name for place, name in schemes if place == "cookie"}
        names = _by_app[app] = (tuple(sorted(headers)), tuple(sorted(cookies)))
    return names


def _schemes(context: Any) -> Iterator[tuple[str, str]]:
    """Yield place and name of the API keys declared by a route, from `Dependant`, which FastAPI does not document."""
    waiting = [getattr(context, "dependant", None) or getattr(context.original_route, "dependant", None)]
    while waiting:
        dependant = waiting.pop()
        if dependant is not None:
            if isinstance(dependant.call, APIKeyBase):
                yield dependant.call.model.in_.value, dependant.call.model.name
            waiting += dependant.dependencies
