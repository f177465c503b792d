"""Activations: the current container and bus, ambient context managers and an open scope for a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeAlias, final

from vega.di import ActiveScope, Container, use_container
from vega.events import EventBus, use_event_bus
from vega.patterns import use_after_commit_report

from .after_commit import report_after_commit

ContainerHook: TypeAlias = Callable[[Container], object]
_hooks: ContextVar[tuple[ContainerHook, ...]] = ContextVar("vega_activation_hooks", default=())


@contextmanager
def on_activation(hook: ContainerHook) -> Generator[None]:
    """Call a function with the container of each application that starts, or enters a unit of work, inside the block.

    Applies to the calling context: a task, its child tasks, and the threads that continue it. A test kit replaces
    services in applications that the test's clients start this way.

    Args:
        hook: called before the unit of work opens a scope; its error is raised there.
    """
    _hooks.set((*_hooks.get(), hook))
    try:
        yield
    finally:  # blocks may end in another order than they began, as fixtures do
        _hooks.set(tuple(other for other in _hooks.get() if other is not hook))


def run_hooks(container: Container) -> None:
    """Call the functions of `on_activation` in the calling context."""
    for hook in _hooks.get():
        hook(container)


@final
class Activation:
    """The context manager of `Application.activate`; entered once, and left by the same task.

    Args:
        container: the current container inside; provides the scope.
        bus: becomes the current bus.
        ambient: factories of further context managers, entered in order.
        values: objects provided by the scope, by key.
        origin: returns the purpose of the unit in words, for errors on use of the scope after its end.
    """

    __slots__ = ("_ambient", "_bus", "_container", "_current", "_opened", "_origin", "_values")

    def __init__(
        self,
        container: Container,
        bus: EventBus,
        ambient: Sequence[Callable[[], AbstractContextManager[object]]] = (),
        values: Mapping[Any, object] | None = None,
        origin: Callable[[], str] | None = None,
    ) -> None:
        self._container, self._bus, self._ambient, self._values = container, bus, ambient, values
        self._origin = origin
        self._opened: Any

    def __aenter__(self) -> Any:  # often returns the coroutine of the scope, to save a coroutine per activation
        run_hooks(self._container)
        self._current = (
            use_container(self._container),
            use_event_bus(self._bus),
            use_after_commit_report(report_after_commit),
        )
        for block in self._current:
            block.__enter__()
        if self._ambient:
            return self._enter()
        try:
            self._opened = scope = self._open()
        except BaseException:
            self._restore()
            raise
        return scope.__aenter__()

    async def _enter(self) -> Any:
        self._opened = AsyncExitStack()
        try:
            for enter in self._ambient:
                self._opened.enter_context(enter())
            return await self._opened.enter_async_context(self._open())
        except BaseException:
            await self.__aexit__(None, None, None)
            raise

    def _open(self) -> ActiveScope:
        scope = self._container.scope(self._values)
        if self._origin is not None:
            scope.origin = self._origin
        return scope

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._opened.__aexit__(kind, error, trace)
        finally:
            self._restore()

    def _restore(self) -> None:
        for block in self._current:
            block.__exit__(None, None, None)
