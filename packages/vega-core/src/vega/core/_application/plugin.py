"""The contract of a plugin, for parts of Vega and third parties: life cycle hooks and command-line hooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from .._contracts.findings import Finding
from .._contracts.operations import EnableFeature, Operation
from .._contracts.processes import Process, RunOptions
from .._contracts.project import Project

if TYPE_CHECKING:  # annotations of this file are never evaluated
    from .application import Application

Message: TypeAlias = MutableMapping[str, Any]
AsgiApp: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class Plugin(Protocol):
    """A part of an application; the entry point in `vega.plugins` names the feature and the class.

    Subclass it and override the needed methods: every method has an empty default. Plugins are constructed without
    arguments. A plugin is active if its distribution is installed and `[tool.vega] features` lists its feature.

    Attributes:
        feature: the feature's name, the same as the entry point's.
        requires: features whose plugins start earlier and stop later.
    """

    feature: str
    requires: tuple[str, ...] = ()

    def configure(self, app: Application) -> None:
        """Register services, handlers and activations; no I/O here."""
        return  # type checkers take a method without a body for abstract

    def prove(self, app: Application) -> Sequence[Exception]:
        """Return the mistakes of the feature's parts, for the report of a start that fails for other reasons.

        The container may have mistakes: it then says what it provides, and resolves nothing.
        """
        return []

    async def startup(self, app: Application) -> None:
        """Open resources; called in the order of `requires`."""
        return  # type checkers take a method without a body for abstract

    async def shutdown(self, app: Application) -> None:
        """Close the resources of `startup`; called in reverse order, also after a failed start."""
        return  # type checkers take a method without a body for abstract

    def add(self, project: Project) -> Sequence[Operation]:
        """Return the changes of `vega add` to a project, besides the dependency."""
        return [EnableFeature(self.feature)]

    def checks(self, project: Project) -> Sequence[Finding]:
        """Return the doctor's findings for a project."""
        return []

    def notices(self, project: Project) -> Sequence[str]:
        """Return lines that `vega run` prints first, and `vega add` last, such as steps that are due."""
        return []

    def processes(self, project: Project, options: RunOptions) -> Sequence[Process]:
        """Return the processes of `vega run` for a project."""
        return []

    def health(self, app: Application) -> Mapping[str, Callable[[], Awaitable[object]]]:
        """Return the checks of readiness, by name; a check fails by raising."""
        return {}

    def mounts(self, app: Application) -> Mapping[str, AsgiApp]:
        """Return the ASGI applications to mount in the HTTP application, by path."""
        return {}
