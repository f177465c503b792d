"""PostgreSQL connections: UUIDs of the standard library, and floats that stay floats in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_LARGE: Final = "e+"  # in the exponent of a float from 1e16
# An unnamed statement lasts until the next statement; in a transaction a pooler keeps both on the same server.
UNPREPARED: Final[Mapping[str, Any]] = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": str,
}


async def connected(*args: Any, **options: Any) -> Any:
    """Open a connection that returns `uuid.UUID`; unpickling the driver's own class would require the driver."""
    asyncpg: Any = import_module("asyncpg")
    if options.get("statement_cache_size") == 0:
        options.setdefault("connection_class", _pooled_connection())
    connection: Any = await asyncpg.connect(*args, **options)
    try:
        await connection.set_type_codec(
            "uuid", schema="pg_catalog", encoder=_uuid_bytes, decoder=_uuid, format="binary"
        )
    except BaseException:
        connection.terminate()
        raise
    return connection


@cache
def _pooled_connection() -> type[Any]:
    """Return a connection class that looks up types in a transaction, which a pooler keeps on one server."""
    plain: type[Any] = import_module("asyncpg").Connection

    async def set_type_codec(self: Any, *args: Any, **options: Any) -> None:
        async with self.transaction():
            await plain.set_type_codec(self, *args, **options)

    return type("PooledConnection", (plain,), {"__slots__": (), "set_type_codec": set_type_codec})


def limit_transactions(engine: AsyncEngine, limits: Mapping[str, str]) -> None:
    """Make every transaction of an engine begin with settings of server parameters, by name."""
    values = {name: value.replace("'", "''") for name, value in limits.items()}
    words = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in values.items())

    @event.listens_for(engine.sync_engine, "begin")
    def set_limits(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - called by SQLAlchemy
        connection.exec_driver_sql(f"SELECT {words}")


def create_schema(connection: Connection, name: str) -> None:
    """Create a missing schema; an existing schema requires no right to create."""
    if not connection.exec_driver_sql("SELECT 1 FROM pg_namespace WHERE nspname = $1", (name,)).scalar():
        connection.exec_driver_sql(f"CREATE SCHEMA {quoted(name)}")


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def json_text(value: Any) -> str:
    """Return a value as JSON in which every float has a point: JSONB would write 1e16 as an int."""
    text = json.dumps(value)
    return _written(value) if _LARGE in text else text


def _written(value: Any) -> str:
    if _is_table(value):
        return f"{{{', '.join(f'{_key(key)}: {_written(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, cast('Iterable[Any]', value)))}]"
    text = json.dumps(value)
    return f"{Decimal(text):f}.0" if isinstance(value, float) and _LARGE in text else text


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _key(key: Any) -> str:
    return json.dumps(key if isinstance(key, str) else json.dumps(key))


def _uuid(value: bytes) -> UUID:
    return UUID(bytes=bytes(value))


def _uuid_bytes(value: UUID | str) -> bytes:
    return value.bytes if isinstance(value, UUID) else UUID(value).bytes
