"""The members of an engine for the writer of plans."""

from __future__ import annotations

from typing import Any, Protocol

from .._graph.node import Node


class PlanEngine(Protocol):
    """The source of the constants of a plan: built singletons, and the plans of parts."""

    @property
    def container(self) -> object:
        """The container: the resolver of services without scope."""

    def built(self, node: Node) -> Any:
        """Return a built singleton."""

    def part(self, node: Node, *, awaits: bool) -> Any:
        """Return a function of the owner for a transient."""

    def maker(self, node: Node, *, awaits: bool) -> Any:
        """Return the function of the owner for a scoped service."""
