"""Plans by address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Table(dict[Any, Any]):
    """Plans by address; a missing plan is written at its first use."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[Any], Any]) -> None:
        super().__init__()
        self.write: Callable[[Any], Any] = write

    def __missing__(self, address: Any) -> Any:
        return self.write(address)
