"""Redis clients whose pool waits for a free connection instead of raising an error."""

from __future__ import annotations

from typing import Any

CONNECTIONS = 50


def redis_client(url: str, *, timeout: float, connections: int = CONNECTIONS) -> Any:
    """Return a `redis.asyncio.Redis`, whose types are incomplete.

    Args:
        url: such as `redis://localhost:6379/0`.
        timeout: seconds for connecting, for an answer, and for a free connection.
        connections: the maximum number of open connections.
    """
    from redis.asyncio import BlockingConnectionPool, Redis

    pools: Any = BlockingConnectionPool
    limits = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "timeout": timeout}
    return Redis.from_pool(pools.from_url(url, max_connections=connections, **limits))


def listening_client(url: str, *, timeout: float) -> Any:
    """Return a `redis.asyncio.Redis` for a subscription, where silence is not a failure.

    Args:
        url: such as `redis://localhost:6379/0`.
        timeout: seconds for connecting.
    """
    from redis.asyncio import Redis

    redis: Any = Redis  # types are incomplete
    return redis.from_url(url, socket_timeout=None, socket_connect_timeout=timeout)
