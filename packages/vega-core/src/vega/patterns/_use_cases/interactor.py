"""The interactor: one use case of the business, told in its own words."""

from __future__ import annotations

from typing import TypeVar

from .use_case import UseCase

T = TypeVar("T")


class Interactor(UseCase[T]):
    """One use case. Making it takes and checks its input; awaiting it runs `call` and gives the result.

    The input is a nested pydantic model `Input`, whose checked instance is `self.input`; or the fields of a
    frozen dataclass, which checkers see as the constructor; or whatever an `__init__` of its own takes.
    `call` gets what the business needs through `@bind`. Awaiting a second time runs it a second time.

    Attributes:
        behaviours: what runs around `call`, outermost first; those of base classes come before.
        read_only: True for a query: its unit of work is read-only, and refuses to write.

    Raises:
        InvalidUseCaseError: there is no `call`, it is not async, or nothing supplies what it needs.

    When not to use it: for code without a business meaning of its own. A calculation is a function, an access
    to the outside is a repository or a service. To join several use cases, write a `Mediator`.

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
