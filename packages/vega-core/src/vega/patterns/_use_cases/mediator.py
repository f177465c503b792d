"""The mediator: a workflow of several use cases."""

from __future__ import annotations

from typing import TypeVar

from .use_case import UseCase

T = TypeVar("T")


class Mediator(UseCase[T]):
    """A workflow that awaits several interactors, in a shared unit of work when one is open.

    A mediator is constructed and awaited like an interactor. It orders the interactors and passes results on, but holds
    no business rules. The awaited interactors join its scope and unit of work.

    Raises:
        InvalidUseCaseError: `call` is missing or not async, or a parameter has no provider.

    Not needed for a single interactor. A step that may fail or run later without stopping the workflow belongs in an
    event handler or a job.
    """

    __slots__ = ()
