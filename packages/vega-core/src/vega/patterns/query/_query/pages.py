"""Pages: parts of a result, with information on the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from .._errors import InvalidPageError, shown

T = TypeVar("T")
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A numbered page with the total number of results, which costs a second query.

    Args:
        items: the entities of the page.
        number: the number of the page, from 1.
        size: the number of entities on a full page.
        total: the number of all results.
    """

    items: list[T]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """The number of pages; 0 without results."""
        return -(-self.total // self.size)

    @property
    def has_next(self) -> bool:
        """Whether there is a next page."""
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        """Whether there is a previous page."""
        return self.number > 1

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[T]):
    """A numbered page that costs one query: without the total, but with `has_next`.

    Args:
        items: the entities of the page.
        number: the number of the page, from 1.
        size: the number of entities on a full page.
        has_next: whether there is a next page.
    """

    items: list[T]
    number: int
    size: int
    has_next: bool

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorPage(Generic[T]):
    """A page at a position instead of a number: unaffected by insertions and deletions before the position.

    Args:
        items: the entities of the page.
        next: the `after` argument for the next page; None at the end.
        previous: the `before` argument for the previous page; None at the start.
    """

    items: list[T]
    next: str | None
    previous: str | None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def checked_number(value: object, name: str, *, least: int) -> int:
    """Return a limit, offset, size or page number.

    Raises:
        InvalidPageError: the value is not an int, or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidPageError(f"{name} is {shown(value)}, which is not an int", "a query", f"give an int from {least}")
    if not least <= value <= LARGEST:
        raise InvalidPageError(f"{name} is {shown(value)}", "a query", f"give an int from {least} to {LARGEST}")
    return value
