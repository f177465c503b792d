"""The interactor: a single use case of the business."""

from __future__ import annotations

from typing import TypeVar

from .use_case import UseCase

T = TypeVar("T")


class Interactor(UseCase[T]):
    """A single use case: construction checks the input, awaiting runs `call` and returns the result.

    The input is a nested pydantic model `Input`, whose validated instance is `self.input`; or the fields of a frozen
    dataclass, visible to type checkers as the constructor; or the parameters of a custom `__init__`. `@bind` injects
    the dependencies of `call`. Each await runs `call` again.

    Attributes:
        behaviours: middleware around `call`, outermost first; behaviours of base classes come first.
        read_only: True for a query: the unit of work refuses writes.

    Raises:
        InvalidUseCaseError: `call` is missing or not async, or a parameter has no provider.

    Use a function for a calculation, a repository or a service for access to external systems, and a `Mediator` to
    combine several use cases.

    >>> import asyncio
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Greet(Interactor[str]):
    ...     name: str
    ...     async def call(self) -> str:
    ...         return f"Hello, {self.name}"
    >>> async def main() -> str:
    ...     return await Greet("Ada")
    >>> asyncio.run(main())
    'Hello, Ada'
    """

    __slots__ = ()
