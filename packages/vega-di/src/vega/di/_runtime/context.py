"""What is current for the calling context: the container, the open scope, and overrides of one task."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._container.container import Container
    from .._container.overrides import Layer
    from .active_scope import ActiveScope


class Home:
    """Where calls find the engine that is valid now; `engine` is None when somebody has to look first."""

    __slots__ = ("container", "engine")

    def __init__(self, container: Container | None) -> None:
        self.container: Container | None = container
        self.engine: Any = None


PROCESS = Home(None)
current: ContextVar[Home] = ContextVar("vega_di_container", default=PROCESS)  # one shared place, meant to change
ambient: ContextVar[ActiveScope | None] = ContextVar("vega_di_scope", default=None)
local_layers: ContextVar[tuple[Layer, ...]] = ContextVar("vega_di_overrides", default=())


def leave(scope: Any) -> None:
    """Make the scope ambient again that was so before."""
    try:
        ambient.reset(scope.token)
    except ValueError:  # left in another context than entered, as async fixtures do
        if ambient.get() is scope:
            ambient.set(outer(scope))


def outer(scope: Any) -> ActiveScope | None:
    """Give the scope that was ambient before a scope was entered."""
    before = scope.token.old_value
    return None if before is Token.MISSING else before


def current_scope() -> ActiveScope | None:
    """Give the scope that is ambient for the calling task, or None."""
    return ambient.get()
