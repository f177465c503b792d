"""Database URLs: drivers, and the parameters of libpq, poolers and hosts.

Source: PostgreSQL documentation, "Parameter Key Words" of libpq.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from .._errors import DatabaseStateError

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_PLACES: Final = frozenset({"host", "port"})  # read by SQLAlchemy, also with several values
_TLS: Final = frozenset(
    {"sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"}
    | {"ssl_min_protocol_version", "ssl_max_protocol_version"}
)
_SETTINGS: Final = frozenset({"application_name", "options"})
_MODES: Final = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
_PROTECTED: Final = frozenset({"require", "verify-ca", "verify-full"})
_NEEDLESS: Final = {"channel_binding": {"disable", "prefer"}, "gssencmode": {"disable", "prefer"}}
_SQLITE: Final = frozenset(
    {"uri", "timeout", "check_same_thread", "cached_statements", "detect_types", "isolation_level"}
    | {"mode", "cache", "vfs", "psow", "nolock", "immutable"}
)


@dataclass(slots=True)
class Address:
    """A database with the driver arguments of the URL.

    Args:
        url: the place, with the asyncio driver.
        arguments: arguments of the driver's `connect`.
        settings: parameters of the session on the server.
        has_pooler: whether the URL declares a pooler in transaction mode.
    """

    url: URL
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    settings: dict[str, str] = field(default_factory=dict[str, str])
    has_pooler: bool = False


def address_of(url: str | URL) -> Address:
    """Return a database with the asyncio driver.

    Raises:
        DatabaseStateError: the URL is invalid, the driver is not supported, or a parameter is unknown or has an
            invalid value.
    """
    read = _read(url)
    if read.get_backend_name() == "sqlite":
        unknown = set(read.query) - _SQLITE
        if unknown and read.query.get("uri") not in {"true", "1"}:
            raise _unknown(min(unknown))
        return Address(read)
    address = Address(read.set(query={name: value for name, value in read.query.items() if name in _PLACES}))
    tls: dict[str, str] = {}
    for name, value in read.query.items():
        if name in _PLACES:
            continue
        if not isinstance(value, str):
            raise DatabaseStateError(f"the URL states {name} several times", "Database(url)", "state it once")
        _take(address, tls, name, value)
    if tls.get("sslmode") in _PROTECTED and str(read.query.get("host", read.host) or "").startswith("/"):
        raise DatabaseStateError(
            f"the URL has sslmode={tls['sslmode']} and the host is a Unix socket, which has no TLS",
            "Database(url)",
            "leave sslmode out, or connect over TCP",
        )
    if tls:  # the driver reads these parameters only from a URL
        address.arguments["dsn"] = f"postgresql:///?{urlencode(tls)}"
    return address


def secret_of(url: URL) -> bytes:
    """Return a key shared by all processes with the same database."""
    return hashlib.sha256(f"vega cursor {url.render_as_string(hide_password=False)}".encode()).digest()


def _read(url: str | URL) -> URL:
    try:
        read = make_url(url)
    except (ArgumentError, ValueError) as error:  # ValueError for a port that is not a number
        raise DatabaseStateError(
            "the URL of the database cannot be read",
            "Database(url)",
            "write sqlite:///shop.db or postgresql://host/shop",
        ) from error
    driver = _DRIVERS.get(read.drivername)
    if driver is not None:
        return read.set(drivername=driver)
    if read.drivername not in _DRIVERS.values():
        raise DatabaseStateError(
            f"the driver {read.drivername} is not one that Vega runs on",
            "Database(url)",
            f"use one of {', '.join(sorted(set(_DRIVERS.values())))}",
        )
    return read


def _take(address: Address, tls: dict[str, str], name: str, value: str) -> None:
    if name in {"sslmode", "ssl"}:
        tls["sslmode"] = _one_of(name, value, _MODES)
    elif name in _TLS:
        tls[name] = value
    elif name in _SETTINGS:
        address.settings[name] = value
    elif name in _NEEDLESS:
        _one_of(name, value, frozenset(_NEEDLESS[name]))
    elif name == "pgbouncer":
        address.has_pooler = _one_of(name, value, frozenset({"true", "false"})) == "true"
    elif name == "connect_timeout":
        seconds = _number(name, value, float)
        address.arguments["timeout"] = seconds if seconds > 0 else None
    elif name in _ARGUMENTS:
        argument, read = _ARGUMENTS[name]
        address.arguments[argument] = _number(name, value, read)
        if argument in _CACHES and address.arguments[argument] == 0:  # only poolers need a cache size of 0
            address.has_pooler = True
    else:
        raise _unknown(name)


_ARGUMENTS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "user": ("user", str),
    "password": ("password", str),
    "passfile": ("passfile", str),
    "dbname": ("database", str),
    "target_session_attrs": ("target_session_attrs", str),
    "command_timeout": ("command_timeout", float),
    "statement_cache_size": ("statement_cache_size", int),
    "prepared_statement_cache_size": ("prepared_statement_cache_size", int),
}


_CACHES: Final = frozenset({"statement_cache_size", "prepared_statement_cache_size"})


def _one_of(name: str, value: str, known: frozenset[str]) -> str:
    if value not in known:
        raise DatabaseStateError(
            f"the URL has {name}={value}, which the driver cannot do",
            "Database(url)",
            f"use one of {', '.join(sorted(known))}, or leave {name} out",
        )
    return value


def _number(name: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise DatabaseStateError(
            f"the URL has {name}={value}, which is not a number", "Database(url)", "write a number"
        ) from error


def _unknown(name: str) -> DatabaseStateError:
    return DatabaseStateError(
        f"the URL has a word that is not known: {name}",
        "Database(url)",
        "leave it out, or give an argument of the driver as Database(url, connect_args={...})",
    )
