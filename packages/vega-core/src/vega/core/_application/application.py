"""The composition root: settings, container, event bus, plugins, and their life cycle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeAlias, TypeVar, final

from vega.di import Container, use_container
from vega.discovery import Found
from vega.events import EventBus, use_event_bus

from .._contracts.project import Project
from .._errors import ApplicationStateError, PluginError
from .activation import Activation, run_hooks
from .plugin import Plugin
from .run import run_until_signalled
from .stop import Stop

T = TypeVar("T")
State: TypeAlias = Literal["new", "running", "stopped"]
STOP_TIMEOUT: Final = 30.0


@final
class Application:
    """An application: its parts, its start and its stop.

    Usually constructed by `Application.load`; directly in tests and scripts. `async with` starts and stops the
    application. The container is closed at the end; another start opens the container again, with new singletons.
    Inside the block, container and bus are current for the task and for tasks started from it: `await CreateUser(...)`
    works there, with a scope per call.

    Args:
        project: the location of the application's files.
        container: provides the services; owned by the application from here on.
        bus: the event bus of the handlers.
        settings: the settings object, or None.
        found: the result of discovery, or None.
        plugins: in the order of their start.
        stop_timeout: the time limit for stopping, in seconds, above 0; plugins share the remaining time equally.
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
        stop_timeout: float = STOP_TIMEOUT,
    ) -> None:
        self.project = project
        self.container = container
        self.bus = bus
        self.settings = settings
        self.found = found
        self.plugins = plugins
        self.stop_timeout = stop_timeout
        self._ambient: list[Callable[[], AbstractContextManager[object]]] = []
        self._running: list[Plugin] = []
        self._current = ExitStack()
        self._state: State = "new"

    @classmethod
    def load(cls, path: str | Path | None = None) -> Application:
        """Read, discover, wire and prove the application of a project.

        Args:
            path: the project's folder, or a path inside; the current folder when None.

        Raises:
            ProjectError: no project was found, or its `[tool.vega]` table is malformed.
            ConfigurationErrors: every mistake in settings, modules, plugins and container, together.
        """
        from .load import load

        return load(Path(path) if path is not None else None)

    def ambient(self, enter: Callable[[], AbstractContextManager[object]]) -> None:
        """Register a context manager for every activation, such as one that sets a context variable.

        Args:
            enter: called at each activation, in the order of registration; the context manager is entered after
                container and bus are set, and exited in reverse order.
        """
        self._ambient.append(enter)

    def activate(
        self, values: Mapping[Any, object] | None = None, *, origin: Callable[[], str] | None = None
    ) -> Activation:
        """Return an async context manager for a unit of work at an edge.

        Inside, container and bus are this application's, and a scope is open, the value of `async with`. Every HTTP
        request, WebSocket message, job attempt and command enters one activation. Failures after a commit are one
        error in the log and a count (`vega_after_commit_failures_total`): the change is stored, so the unit succeeds.

        Args:
            values: objects provided by the scope, by key, such as the request.
            origin: returns the purpose of the unit in words, such as a request, for errors on use of the scope after
                its end.
        """
        return Activation(self.container, self.bus, self._ambient, values, origin)

    def plugin(self, feature: str) -> Plugin:
        """Return the plugin of a feature.

        Raises:
            PluginError: the feature is not enabled.
        """
        for plugin in self.plugins:
            if plugin.feature == feature:
                return plugin
        raise PluginError(f"the feature {feature!r} is not enabled", "[tool.vega] features", f"run: vega add {feature}")

    def unreached_use_cases(self) -> list[type]:
        """Return the use cases below `domain` and `application` that no edge reaches and no start proves.

        Imports their modules.
        """
        from .proof import unreached_use_cases

        return unreached_use_cases(self)

    @property
    def state(self) -> State:
        """The state: `new`, `running` (from the start of the first plugin) or `stopped`."""
        return self._state

    async def __aenter__(self) -> Application:
        if self._state == "running":
            raise ApplicationStateError(
                "the application runs already",
                self.project.package,
                "stop it first, or load another one with Application.load",
            )
        if self._state == "stopped":
            self.container.reopen()
        self._state = "running"
        try:
            run_hooks(self.container)
            for plugin in self.plugins:
                self._running.append(plugin)
                await self._start(plugin)
            self._make_current()
        except BaseException:
            await self._stop()
            raise
        return self

    def _make_current(self) -> None:
        """Make container, bus and ambient context managers current for the starting task, such as a script."""
        for block in (use_container(self.container), use_event_bus(self.bus), *(enter() for enter in self._ambient)):
            self._current.enter_context(block)

    async def _start(self, plugin: Plugin) -> None:
        try:
            await plugin.startup(self)
        except BaseException as error:
            error.add_note(f"while the plugin {plugin.feature!r} was started")
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        """Drain the bus, stop the started plugins in reverse order, then close the container, despite failures."""
        self._current.close()
        stop = Stop(self.project.package, self.stop_timeout)
        stop.add("the event bus", self.bus.drain)
        for plugin in reversed(self._running):
            stop.add(f"the plugin {plugin.feature!r}", partial(plugin.shutdown, self))
        stop.add("the container", self.container.aclose)
        self._running.clear()
        try:
            await stop.run()
        finally:
            self._state = "stopped"

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Start the application, run a coroutine function in an activation, and stop.

        SIGINT and SIGTERM cancel `main`; the application is then stopped within `stop_timeout`. A second signal
        ends the process at once.

        Args:
            main: a function without parameters whose result is awaited.

        Raises:
            ApplicationStateError: the application runs already.
            KeyboardInterrupt: after SIGINT.
            SystemExit: after SIGTERM, with the status 143.
        """

        async def started() -> T:
            async with self, self.activate():
                return await main()

        return run_until_signalled(started)
