"""The mediator: several use cases in one story."""

from __future__ import annotations

from typing import TypeVar

from .use_case import UseCase

T = TypeVar("T")


class Mediator(UseCase[T]):
    """A workflow that awaits several interactors, in one unit of work when one is open.

    It is made and awaited like an interactor, and holds no business rule of its own: it says what happens
    after what, and passes results on. The interactors that it awaits join its scope and its unit of work.

    Raises:
        InvalidUseCaseError: there is no `call`, it is not async, or nothing supplies what it needs.

    When not to use it: for one interactor alone, or where an event says it better: a step that may fail or
    come late without stopping the story belongs in an event handler or a job.
    """

    __slots__ = ()
