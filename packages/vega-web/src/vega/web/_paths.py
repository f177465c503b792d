"""Paths of connections as routing compares them, and patterns of paths."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Any, Final, final

from starlette.convertors import FloatConvertor, IntegerConvertor, register_url_convertor

_DIGITS: Final = sys.get_int_max_str_digits() or 4300  # int() refuses more, or takes quadratic time


class _Integer(IntegerConvertor):
    regex = f"[0-9]{{1,{_DIGITS}}}"


class _Float(FloatConvertor):
    regex = rf"[0-9]{{1,{sys.float_info.max_10_exp}}}(\.[0-9]+)?"


def bound_convertors() -> None:
    """Restrict `{id:int}` and `{id:float}` to numbers that Python can parse; other paths get 404.

    The convertors of Starlette are global to the process. Paths match as before, except those that raised an error or
    gave infinity.
    """
    register_url_convertor("int", _Integer())
    register_url_convertor("float", _Float())


def route_path(connection: Mapping[str, Any]) -> str:
    """Return the path that routing compares with routes, without the prefix under which the application is mounted.

    The prefix comes from the server (`--root-path`, `--url-path-prefix`), from `FastAPI(root_path=...)` or from a
    mount; a proxy may or may not strip the prefix. Rules about paths use this path, not `connection.url.path`.

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
    """Patterns of paths, in which `*` matches any characters.

    Args:
        patterns: shell patterns (`fnmatch`), compared with the result of `route_path`.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._match = re.compile("|".join(map(translate, patterns)) or r"(?!)").match

    def match(self, connection: Mapping[str, Any]) -> bool:
        """Return whether a pattern matches the path of a request or WebSocket."""
        return self._match(route_path(connection)) is not None
