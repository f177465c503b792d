"""The members of an engine that plans are written from."""

from __future__ import annotations

from typing import Any, Protocol

from .._graph.node import Node


class PlanEngine(Protocol):
    """The engine that a plan takes its constants from: built singletons, and the plans of its parts."""

    @property
    def container(self) -> object:
        """The container: the resolver of what needs no scope."""

    def built(self, node: Node) -> Any:
        """Return a singleton that has been built."""

    def part(self, node: Node, *, awaits: bool) -> Any:
        """Return a function of the owner that makes a transient."""

    def warm(self, node: Node, *, awaits: bool) -> Any:
        """Return the half of a scope's plan that asks the store first."""

    def maker(self, node: Node, *, awaits: bool) -> Any:
        """Return the function of the owner that makes a scoped service."""
