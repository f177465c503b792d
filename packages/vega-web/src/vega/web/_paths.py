"""The path of a connection as routing takes it, and patterns of such paths."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Any, Final, final

from starlette.convertors import FloatConvertor, IntegerConvertor, register_url_convertor

_DIGITS: Final = sys.get_int_max_str_digits() or 4300  # more are an error of int(), or take quadratic time


class _Integer(IntegerConvertor):
    regex = f"[0-9]{{1,{_DIGITS}}}"


class _Float(FloatConvertor):
    regex = rf"[0-9]{{1,{sys.float_info.max_10_exp}}}(\.[0-9]+)?"


def bound_convertors() -> None:
    """Have `{id:int}` and `{id:float}` fit numbers that Python can read; another text is another path (404).

    The convertors of Starlette belong to the process. They fit the same paths as before, save those that raised an
    error or gave infinity.
    """
    register_url_convertor("int", _Integer())
    register_url_convertor("float", _Float())


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
