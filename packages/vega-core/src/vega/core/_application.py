"""The composition root: settings, container, event bus, plugins, and their life."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, final

from vega.di import Container
from vega.discovery import Found
from vega.events import EventBus

from ._activation import Activation
from ._errors import PluginError
from .extend import Plugin, Project

T = TypeVar("T")


@final
class Application:
    """One application: what it is made of, and when it starts and stops.

    Usually made by `Application.load`; by hand in tests and scripts. `async with` starts and stops it, once: what
    the container held is closed then.

    Args:
        project: where the application's files are.
        container: what its services come from; it is the application's own from here on.
        bus: the event bus that its handlers are subscribed to.
        settings: the settings object, or None.
        found: what discovery found, or None.
        plugins: in the order of their start.

    >>> from vega.di import Container
    >>> from vega.events import EventBus
    """

    def __init__(
        self,
        project: Project,
        *,
        container: Container,
        bus: EventBus,
        settings: object | None = None,
        found: Found | None = None,
        plugins: tuple[Plugin, ...] = (),
    ) -> None:
        self.project = project
        self.container = container
        self.bus = bus
        self.settings = settings
        self.found = found
        self.plugins = plugins
        self._ambient: list[Callable[[], AbstractContextManager[object]]] = []
        self._running: list[Plugin] = []

    @classmethod
    def load(cls, path: str | Path | None = None) -> Application:
        """Make the application of a project: read, discover, wire, and prove it.

        Args:
            path: the project's folder, or a file or folder below it; the current folder when None.

        Raises:
            ProjectError: there is no project, or its `[tool.vega]` is malformed.
            ConfigurationErrors: every mistake in settings, modules, plugins and container, together.
        """
        from ._load import load

        return load(Path(path) if path is not None else None)

    def ambient(self, enter: Callable[[], AbstractContextManager[object]]) -> None:
        """Have every activation enter a context manager, such as one that sets a context variable.

        Args:
            enter: called at each activation, in the order of registration; what it returns is entered
                after container and bus are set, and left in reverse.
        """
        self._ambient.append(enter)

    def activate(self, values: Mapping[Any, object] | None = None) -> Activation:
        """Return the one unit of work of an edge: an async context manager.

        Inside, container and bus are this application's, and one scope is open; the scope is what
        `async with` gives. Each HTTP request, WebSocket message, job attempt and command enters it once.

        Args:
            values: objects that the scope provides, by their keys, such as the request.
        """
        return Activation(self.container, self.bus, self._ambient, values)

    def plugin(self, feature: str) -> Plugin:
        """Return the plugin of a feature.

        Raises:
            PluginError: the feature is not enabled.
        """
        for plugin in self.plugins:
            if plugin.feature == feature:
                return plugin
        raise PluginError(f"the feature {feature!r} is not enabled", "[tool.vega] features", f"run: vega add {feature}")

    async def __aenter__(self) -> Application:
        try:
            for plugin in self.plugins:
                self._running.append(plugin)
                await plugin.startup(self)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        """Stop every plugin that was started, the last first, then close the container, whatever fails."""
        errors: list[BaseException] = []
        while self._running:
            try:
                await self._running.pop().shutdown(self)
            except BaseException as error:  # noqa: BLE001 - collected: the others must stop too
                errors.append(error)
        try:
            await self.container.aclose()
        except BaseException as error:  # noqa: BLE001 - collected, as above
            errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise BaseExceptionGroup(f"{len(errors)} parts of {self.project.package} did not stop well", errors)

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Start the application, run one coroutine function in one activation, and stop.

        Args:
            main: a function without parameters whose result is awaited.
        """

        async def started() -> T:
            async with self, self.activate():
                return await main()

        return asyncio.run(started())
