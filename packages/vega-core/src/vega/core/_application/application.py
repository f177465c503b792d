"""The composition root: settings, container, event bus, plugins, and their life."""

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
from .activation import Activation
from .plugin import Plugin
from .run import run_until_signalled
from .stop import Stop

T = TypeVar("T")
State: TypeAlias = Literal["new", "running", "stopped"]
STOP_TIMEOUT: Final = 30.0


@final
class Application:
    """One application: what it is made of, and when it starts and stops.

    Usually made by `Application.load`; by hand in tests and scripts. `async with` starts and stops it, once: what
    the container held is closed then, so a second start is refused. Inside the block, container and bus are current
    for the task, and for tasks started from it: `await CreateUser(...)` works there, each call in a scope of its own.

    Args:
        project: where the application's files are.
        container: what its services come from; it is the application's own from here on.
        bus: the event bus that its handlers are subscribed to.
        settings: the settings object, or None.
        found: what discovery found, or None.
        plugins: in the order of their start.
        stop_timeout: how long stopping may take, in seconds, above 0; each plugin has an equal share, and what
            an earlier one did not use.
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
        """Make the application of a project: read, discover, wire, and prove it.

        Args:
            path: the project's folder, or a file or folder below it; the current folder when None.

        Raises:
            ProjectError: there is no project, or its `[tool.vega]` is malformed.
            ConfigurationErrors: every mistake in settings, modules, plugins and container, together.
        """
        from .load import load

        return load(Path(path) if path is not None else None)

    def ambient(self, enter: Callable[[], AbstractContextManager[object]]) -> None:
        """Have every activation enter a context manager, such as one that sets a context variable.

        Args:
            enter: called at each activation, in the order of registration; what it returns is entered
                after container and bus are set, and left in reverse.
        """
        self._ambient.append(enter)

    def activate(
        self, values: Mapping[Any, object] | None = None, *, origin: Callable[[], str] | None = None
    ) -> Activation:
        """Return the one unit of work of an edge: an async context manager.

        Inside, container and bus are this application's, and one scope is open; the scope is what
        `async with` gives. Each HTTP request, WebSocket message, job attempt and command enters it once.

        Args:
            values: objects that the scope provides, by their keys, such as the request.
            origin: returns the purpose of the unit in words, such as a request; the error of a use of the scope
                after its end quotes it.
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
        """Return the use cases below `domain` and `application` that no edge reaches, so that no start proves them.

        Their modules are imported.
        """
        from .proof import unreached_use_cases

        return unreached_use_cases(self)

    @property
    def state(self) -> State:
        """Whether it is `new`, `running` (from the start of the first plugin on) or `stopped`."""
        return self._state

    async def __aenter__(self) -> Application:
        if self._state != "new":
            raise ApplicationStateError(
                f"the application {'runs already' if self._state == 'running' else 'has been stopped'}",
                self.project.package,
                "start each application once; make another one with Application.load",
            )
        self._state = "running"
        try:
            for plugin in self.plugins:
                self._running.append(plugin)
                await self._start(plugin)
            self._make_current()
        except BaseException:
            await self._stop()
            raise
        return self

    def _make_current(self) -> None:
        """Make container, bus and the rest current for the task that starts the application, such as a script."""
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
        """Let events finish, stop every started plugin, the last first, then close the container, whatever fails."""
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
        """Start the application, run one coroutine function in one activation, and stop.

        SIGINT and SIGTERM cancel `main`; the application is then stopped within `stop_timeout`. A second signal
        ends the process at once.

        Args:
            main: a function without parameters whose result is awaited.

        Raises:
            ApplicationStateError: it was started before.
            KeyboardInterrupt: after SIGINT.
            SystemExit: after SIGTERM, with the status 143.
        """

        async def started() -> T:
            async with self, self.activate():
                return await main()

        return run_until_signalled(started)
