"""The order of middleware: what `before=` and `after=` ask, then priority, then the order of registration."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, final

from vega.core.introspection import snake_case

from .._errors import MiddlewareError, MiddlewareOrderError

Condition: TypeAlias = bool | Callable[[], bool]
Reference: TypeAlias = str | Callable[..., Any]
References: TypeAlias = Reference | Sequence[Reference]
Kind: TypeAlias = Literal["class", "inline", "branch"]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MiddlewareEntry:
    """One registration in a pipeline."""

    kind: Kind
    target: Callable[..., Any]
    name: str
    is_named: bool
    index: int
    when: Condition = True
    priority: int = 0
    before: tuple[Reference, ...] = ()
    after: tuple[Reference, ...] = ()
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    branch: Any = None

    def is_meant_by(self, reference: Reference) -> bool:
        """Tell whether a name, class or function names this entry."""
        return reference == self.name if isinstance(reference, str) else reference is self.target


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MiddlewareStep:
    """One middleware at its place in the resolved order; `str` gives a line to print.

    Attributes:
        name: as given, or the name of the class or function in snake case, without `_middleware`.
        kind: class, inline function or branch.
        position: 1 for the outermost; None for one that its `when` leaves out.
        node: the ASGI node it is part of, counted from 1; inline functions in a row share one. None as above.
        reasons: what put it there, such as `("after request_id", "priority 200", "added 3rd")`.
        depth: 0 in the pipeline itself, 1 in a branch of it, and so on.
    """

    name: str
    kind: Kind
    position: int | None
    node: int | None
    reasons: tuple[str, ...]
    depth: int = 0

    def __str__(self) -> str:
        place = f"{self.position:>3}" if self.position is not None else "  -"
        return f"{'    ' * self.depth}{place}  {self.name} ({self.kind}): {', '.join(self.reasons)}"


def default_name(target: Callable[..., Any]) -> str:
    """Return the name that an entry has when none is given.

    >>> class RequestIDMiddleware: ...
    >>> default_name(RequestIDMiddleware)
    'request_id'
    """
    name = getattr(target, "__name__", type(target).__name__)
    words = snake_case(name)
    return words.removesuffix("_middleware") or words


def references(given: References) -> tuple[Reference, ...]:
    """Return one or several references as a tuple."""
    if isinstance(given, str) or callable(given):
        return (given,)
    return tuple(given)


def ordered(entries: Sequence[MiddlewareEntry], errors: list[Exception]) -> list[MiddlewareEntry]:
    """Return the entries, the outermost first: stable, and the same for the same registrations.

    What `before` and `after` ask is kept first; among those that may come next, the highest priority wins, then
    what was added first. A reference to an entry that its `when` leaves out asks nothing.

    Args:
        entries: in the order of registration.
        errors: takes a `MiddlewareOrderError` for each repeated, unknown or ambiguous name and for a cycle.

    Source: Kahn, "Topological sorting of large networks", CACM 5(11), 1962, with a priority queue.
    """
    _check_names(entries, errors)
    inner: dict[MiddlewareEntry, set[MiddlewareEntry]] = {entry: set() for entry in entries}
    for entry in entries:
        for reference in entry.before:
            inner[entry] |= _meant(entry, "before", reference, entries, errors)
        for reference in entry.after:
            for outer in _meant(entry, "after", reference, entries, errors):
                inner[outer].add(entry)
    active = [entry for entry in entries if is_active(entry)]
    order = _sorted(active, {entry: inner[entry] & set(active) for entry in active})
    if len(order) < len(active):
        errors.append(_cycle([entry for entry in active if entry not in order], inner))
    return order


def is_active(entry: MiddlewareEntry) -> bool:
    """Tell whether an entry's `when` lets it in."""
    return bool(entry.when() if callable(entry.when) else entry.when)


def _check_names(entries: Sequence[MiddlewareEntry], errors: list[Exception]) -> None:
    named: dict[str, MiddlewareEntry] = {}
    for entry in entries:
        first = named.setdefault(entry.name, entry) if entry.is_named else entry
        if first is not entry:
            errors.append(
                MiddlewareOrderError(
                    f"two middlewares have the name {entry.name!r}",
                    f"{_shown(first)} and {_shown(entry)}",
                    "give each its own name=",
                )
            )


def _meant(
    entry: MiddlewareEntry,
    option: str,
    reference: Reference,
    entries: Sequence[MiddlewareEntry],
    errors: list[Exception],
) -> set[MiddlewareEntry]:
    found = {other for other in entries if other.is_meant_by(reference)}
    named = {other for other in found if other.is_named and isinstance(reference, str)}
    found = named or found
    where = f"{option}={word(reference)} of {entry.name!r}"
    if not found:
        known = ", ".join(sorted({repr(other.name) for other in entries if other is not entry})) or "nothing else"
        fix = f"the pipeline holds {known}"
        errors.append(MiddlewareOrderError(f"no middleware is called {word(reference)}", where, fix))
    elif len(found) > 1:
        fix = "give one of them a name= and refer to it"
        errors.append(MiddlewareOrderError(f"{word(reference)} means {len(found)} middlewares", where, fix))
        return set()
    return found


def _sorted(
    active: Iterable[MiddlewareEntry], inner: Mapping[MiddlewareEntry, set[MiddlewareEntry]]
) -> list[MiddlewareEntry]:
    waiting = dict.fromkeys(active, 0)
    for followers in inner.values():
        for follower in followers:
            waiting[follower] += 1
    ready = [(-entry.priority, entry.index, entry) for entry, count in waiting.items() if not count]
    heapq.heapify(ready)
    order: list[MiddlewareEntry] = []
    while ready:
        entry = heapq.heappop(ready)[2]
        order.append(entry)
        for follower in inner[entry]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, (-follower.priority, follower.index, follower))
    return order


def _cycle(left: list[MiddlewareEntry], inner: Mapping[MiddlewareEntry, set[MiddlewareEntry]]) -> MiddlewareOrderError:
    """Return the error that draws one cycle: from what is left, every step outwards stays in what is left."""
    outer = {entry: [other for other in left if entry in inner[other]] for entry in left}
    path = [left[0]]
    while path[-1] not in path[:-1]:
        path.append(outer[path[-1]][0])
    names = [entry.name for entry in reversed(path[path.index(path[-1]) :])]
    return MiddlewareOrderError(
        "the order of the middleware is a cycle",
        " before ".join(names),
        f"take away one before= or after= between {' and '.join(sorted(set(names)))}",
    )


def word(reference: Reference) -> str:
    """Return a reference as text: a name as it is, a class or function by its own name."""
    return reference if isinstance(reference, str) else str(getattr(reference, "__qualname__", repr(reference)))


def _shown(entry: MiddlewareEntry) -> str:
    return f"{getattr(entry.target, '__module__', '')}.{word(entry.target)}"


def misuse(what: str, target: Any, fix: str) -> MiddlewareError:
    """Return the error of a registration that cannot work."""
    name = getattr(target, "__qualname__", repr(target))
    return MiddlewareError(f"{name} {what}", f"{getattr(target, '__module__', type(target).__module__)}.{name}", fix)
