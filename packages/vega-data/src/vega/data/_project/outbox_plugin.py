"""The feature `outbox`: recorded events are stored with the aggregates, and delivered by a relay process."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from vega.core.extend import AddDependency, DeferredWork, EnableFeature, Operation, Plugin, Process, Project, RunOptions
from vega.di import missing

from ..migrations._folder import MigrationFolder
from ..outbox._listeners import declared_listeners
from .location import migrations_folder

if TYPE_CHECKING:  # the outbox loads SQLAlchemy, not needed by commands such as `vega add`
    from vega.core import Application

    from ..outbox import Outbox
    from .plugin import DataPlugin


class OutboxPlugin(Plugin):
    """The provider of `Outbox`, also as `DeferredWork`; functions marked `@durable` become listeners."""

    feature = "outbox"
    requires = ("data",)

    def __init__(self) -> None:
        self._outbox: Outbox | None = None

    @property
    def outbox(self) -> Outbox | None:
        """The outbox of the application; None before `configure`."""
        return self._outbox

    def configure(self, app: Application) -> None:
        """Register the outbox of the database, with the marked functions as listeners."""
        from ..outbox import Outbox

        database = cast("DataPlugin", app.plugin("data")).database
        outbox = self._outbox = Outbox(database) if database.outbox is None else Outbox.of(database)
        for listener in declared_listeners(app.project.package):
            outbox.listen(listener.event, name=listener.name, key=listener.key)(listener.handler)
        app.container.register_instance(Outbox, outbox)
        app.container.register_instance(DeferredWork, outbox, when=missing(DeferredWork))

    def add(self, project: Project) -> Sequence[Operation]:
        """Return the requirement and the feature; the tables follow with the next migration."""
        return [AddDependency("vega-data[cli]>=0.1,<0.2"), EnableFeature(self.feature)]

    def notices(self, project: Project) -> Sequence[str]:
        """Report missing migrations for the tables of the outbox."""
        if _TABLE in MigrationFolder(migrations_folder(project)).created_tables():
            return []
        return [f"no migration creates the table {_TABLE}; run: vega migrate create -m {_TABLE}, vega migrate upgrade"]

    def processes(self, project: Project, options: RunOptions) -> Sequence[Process]:
        """Return a relay."""
        command = (sys.executable, "-m", "vega.data", "relay", "--project", str(project.root))
        return [Process(name="outbox", command=command, stage=1)]


_TABLE: Final = "outbox"


def listener_runner(app: Application) -> Callable[[Any, Any], Awaitable[Any]]:
    """Return a function that runs a listener with an event, in a fresh scope with injected parameters.

    Each listener is bound once, at the first run.
    """
    bound: dict[Any, Callable[[Any], Awaitable[Any]]] = {}

    async def run(handler: Any, event: Any) -> Any:
        listener = bound.get(handler)
        if listener is None:
            listener = bound[handler] = app.container.bind(handler)
        async with app.activate():
            return await listener(event)

    return run
