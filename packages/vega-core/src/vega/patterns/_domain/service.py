"""Services: ports to external systems that are not collections of entities."""

from __future__ import annotations

from abc import ABC


class Service(ABC):  # noqa: B024 - marks the layer; subclasses declare the abstract methods
    """A port of the domain to an external system: mail, payment, a clock.

    Write an abstract class in the domain and implement it in the infrastructure; the container binds the two.

    Use a function or a method of an entity for a calculation, a `Repository` for a collection of entities, and an
    `Interactor` for a use case.
    """
