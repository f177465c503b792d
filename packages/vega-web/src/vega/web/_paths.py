"""The path of a connection as routing takes it, and patterns of such paths."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Any, final


def route_path(connection: Mapping[str, Any]) -> str:
    """Return the path that routing compares with the routes: without the prefix that the application is served under.

    A prefix comes from the server (`--root-path`, `--url-path-prefix`), from `FastAPI(root_path=...)` or from a mount;
    a proxy may strip it or not. Rules about paths use this one, not `connection.url.path`.

    Args:
        connection: a request, a WebSocket, or a connection scope (ASGI 3.0: `path` and `root_path`).

    >>> route_path({"path": "/api/users", "root_path": "/api"}), route_path({"path": "/apiary", "root_path": "/api"})
    ('/users', '/apiary')
    """
    path: str = connection["path"]
    root: str = connection.get("root_path", "")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in {"", "/"}:
        return path[len(root) :]
    return path


@final
class PathPatterns:
    """Patterns of paths, in which `*` stands for any characters.

    Args:
        patterns: shell patterns (`fnmatch`), compared with the path that routing takes.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._match = re.compile("|".join(map(translate, patterns)) or r"(?!)").match

    def match(self, connection: Mapping[str, Any]) -> bool:
        """Return whether a pattern fits the path of a request or WebSocket."""
        return self._match(route_path(connection)) is not None
