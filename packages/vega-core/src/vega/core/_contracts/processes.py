"""The processes of `vega run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of `vega run`.

    Args:
        host: the address for servers to listen on; loopback by default.
        port: the TCP port of the HTTP server, 0-65535; 0 lets the kernel choose.
        reload: whether servers restart when a source file changes.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    reload: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of a running project.

    Args:
        name: a short word that prefixes its lines of output.
        command: the program and its arguments; run without a shell.
        shares: environment variables for all processes of the run, such as `REDIS_URL`.
        ready: polled until true before the next process starts; None starts the next process at once.
        stage: processes of a lower stage start first and stop last: 0 services, 1 workers, 2 servers.
    """

    name: str
    command: tuple[str, ...]
    shares: Mapping[str, str] = field(default_factory=dict[str, str])
    ready: Callable[[], bool] | None = None
    stage: int = 1
