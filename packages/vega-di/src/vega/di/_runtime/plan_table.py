"""Plans by address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Table(dict[Any, Any]):
    """Plans by address; a missing one is written when it is first asked for."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[Any], Any]) -> None:
        super().__init__()
        self.write: Callable[[Any], Any] = write

    def __missing__(self, where: Any) -> Any:
        return self.write(where)
