"""One client of Redis, whose pool makes callers wait for a connection instead of failing them."""

from __future__ import annotations

from typing import Any

CONNECTIONS = 50


def redis_client(url: str, *, timeout: float, connections: int = CONNECTIONS) -> Any:
    """Return a `redis.asyncio.Redis`, of which the types are partial.

    Args:
        url: such as `redis://localhost:6379/0`.
        timeout: seconds for a connection, an answer, and the wait for a free connection.
        connections: how many are open at most.
    """
    from redis.asyncio import BlockingConnectionPool, Redis

    pools: Any = BlockingConnectionPool
    limits = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "timeout": timeout}
    return Redis.from_pool(pools.from_url(url, max_connections=connections, **limits))


def listening_client(url: str, *, timeout: float) -> Any:
    """Return a `redis.asyncio.Redis` for a subscription, on which no message for a while is not a failure.

    Args:
        url: such as `redis://localhost:6379/0`.
        timeout: seconds for a connection.
    """
    from redis.asyncio import Redis

    redis: Any = Redis  # of which the types are partial
    return redis.from_url(url, socket_timeout=None, socket_connect_timeout=timeout)
