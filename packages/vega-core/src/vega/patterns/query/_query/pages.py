"""Pages: a part of the results, and what is known about the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from .._errors import InvalidPageError, shown

T = TypeVar("T")
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A numbered page, with the number of all results; costs a second query for that number.

    Args:
        items: the entities of the page.
        number: which page, from 1.
        size: how many entities a full page has.
        total: how many results there are in all.
    """

    items: list[T]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; 0 when there is no result."""
        return -(-self.total // self.size)

    @property
    def has_next(self) -> bool:
        """Whether a page follows."""
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        """Whether a page comes before."""
        return self.number > 1

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[T]):
    """A numbered page that knows only whether another follows; costs one query.

    Args:
        items: the entities of the page.
        number: which page, from 1.
        size: how many entities a full page has.
        has_next: whether a page follows.
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
    """A page at a place rather than a number: what is inserted or deleted before it moves nothing.

    Args:
        items: the entities of the page.
        next: give it as `after=` for the page that follows; None at the end.
        previous: give it as `before=` for the page before; None at the start.
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
        InvalidPageError: it is no int, or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidPageError(f"{name} is {shown(value)}, which is no int", "a query", f"give an int from {least}")
    if not least <= value <= LARGEST:
        raise InvalidPageError(f"{name} is {shown(value)}", "a query", f"give an int from {least} to {LARGEST}")
    return value
