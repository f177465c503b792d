"""The URLs of databases, with the drivers that Vega runs on."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from .._errors import DatabaseStateError

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def asyncio_url(url: str | URL) -> URL:
    """Return a URL with the asyncio driver of its database.

    Raises:
        DatabaseStateError: it cannot be read, or its driver is not one that Vega runs on.
    """
    try:
        read = make_url(url)
    except ArgumentError as error:
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


def secret_of(url: URL) -> bytes:
    """Return a key that all processes with the same database share."""
    return hashlib.sha256(f"vega cursor {url.render_as_string(hide_password=False)}".encode()).digest()
