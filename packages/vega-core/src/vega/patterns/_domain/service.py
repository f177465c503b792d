"""Services: ports to the world outside that are no collection of entities."""

from __future__ import annotations

from abc import ABC


class Service(ABC):  # noqa: B024 - a mark of the layer; its subclasses say what is abstract
    """A port of the domain to something outside: mail, payment, a clock, another system.

    Write an abstract class in the domain and implement it in the infrastructure; the container joins them.

    When not to use it: for a calculation (a function or a method of an entity), for a collection of
    entities (a `Repository`), or for a use case (an `Interactor`).
    """
