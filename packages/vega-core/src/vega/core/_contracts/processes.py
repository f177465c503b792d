"""What `vega run` starts for a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the user asked of `vega run`.

    Args:
        host: the address that servers listen on; loopback unless told otherwise.
        port: the TCP port of the HTTP server, 0-65535; 0 lets the kernel choose.
        reload: whether servers start anew when a source file changes.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    reload: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of a running project.

    Args:
        name: a short word that starts its lines of output.
        command: the program and its arguments; no shell reads them.
        shares: environment variables that every process of the run gets, such as `REDIS_URL`.
        ready: asked until it returns true, before the next process starts; None when others need not wait.
        stage: processes of a lower stage start first and stop last: 0 services, 1 workers, 2 servers.
    """

    name: str
    command: tuple[str, ...]
    shares: Mapping[str, str] = field(default_factory=dict[str, str])
    ready: Callable[[], bool] | None = None
    stage: int = 1
