"""The contract of a plugin: how a part or a third party joins an application and its command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from .._contracts.findings import Finding
from .._contracts.operations import EnableFeature, Operation
from .._contracts.processes import Process, RunOptions
from .._contracts.project import Project

if TYPE_CHECKING:  # Vega reads no annotation of this file at run time
    from .application import Application

Message: TypeAlias = MutableMapping[str, Any]
AsgiApp: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class Plugin(Protocol):
    """A part of an application; the entry point in `vega.plugins` names the feature and the class.

    Subclass it and override what you need: every method has a body that does nothing. The class is made
    without arguments. A plugin is active when it is installed and `[tool.vega] features` lists its feature.

    Attributes:
        feature: the feature's name, the same as the entry point's.
        requires: features whose plugins start earlier and stop later.
    """

    feature: str
    requires: tuple[str, ...] = ()

    def configure(self, app: Application) -> None:
        """Register services, handlers and activations; no input and output here."""
        return  # a body: without one, checkers take the method for abstract

    async def startup(self, app: Application) -> None:
        """Open what the application needs; called in the order of `requires`."""
        return  # a body: without one, checkers take the method for abstract

    async def shutdown(self, app: Application) -> None:
        """Close what `startup` opened; called in the reverse order, also after a failed start."""
        return  # a body: without one, checkers take the method for abstract

    def add(self, project: Project) -> Sequence[Operation]:
        """Return what `vega add` changes in a project, beside the dependency."""
        return [EnableFeature(self.feature)]

    def checks(self, project: Project) -> Sequence[Finding]:
        """Return what the doctor should report about a project."""
        return []

    def processes(self, project: Project, options: RunOptions) -> Sequence[Process]:
        """Return what `vega run` starts for a project."""
        return []

    def health(self, app: Application) -> Mapping[str, Callable[[], Awaitable[object]]]:
        """Return what must answer for the application to be ready, by name; each fails by raising."""
        return {}

    def mounts(self, app: Application) -> Mapping[str, AsgiApp]:
        """Return the ASGI applications to mount in the HTTP application, by path."""
        return {}
