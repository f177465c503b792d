"""The order of middleware: by `before=` and `after=`, then priority, then registration."""

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
    """A registration in a pipeline."""

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
        """Return whether a name, class or function refers to this entry."""
        return reference == self.name if isinstance(reference, str) else reference is self.target


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MiddlewareStep:
    """A middleware in the resolved order; `str` returns a line for display.

    Attributes:
        name: as registered, or the name of the class or function in snake case, without `_middleware`.
        kind: class, inline function or branch.
        position: 1 for the outermost; None if excluded by `when`.
        node: the number of the ASGI node, from 1; consecutive inline functions share a node. None if excluded.
        reasons: the reasons for the position, such as `("after request_id", "priority 200", "added 3rd")`.
        depth: 0 in the pipeline itself, 1 in a branch, and so on.
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
    """Return the default name of an entry.

    >>> class RequestIDMiddleware: ...
    >>> default_name(RequestIDMiddleware)
    'request_id'
    """
    name = getattr(target, "__name__", type(target).__name__)
    words = snake_case(name)
    return words.removesuffix("_middleware") or words


def references(value: References) -> tuple[Reference, ...]:
    """Return a single reference or several references as a tuple."""
    if isinstance(value, str) or callable(value):
        return (value,)
    return tuple(value)


def ordered(entries: Sequence[MiddlewareEntry], errors: list[Exception]) -> list[MiddlewareEntry]:
    """Return the entries, outermost first; stable, and deterministic for the same registrations.

    The constraints of `before` and `after` apply first; among the candidates, the highest priority wins, then the
    earliest registration. References to an entry excluded by `when` have no effect.

    Args:
        entries: in the order of registration.
        errors: collects a `MiddlewareOrderError` for each repeated, unknown or ambiguous name and for a cycle.

    Source: Kahn, "Topological sorting of large networks", CACM 5(11), 1962, with a priority queue.
    """
    _check_names(entries, errors)
    inner: dict[MiddlewareEntry, set[MiddlewareEntry]] = {entry: set() for entry in entries}
    for entry in entries:
        for reference in entry.before:
            inner[entry] |= _referenced(entry, "before", reference, entries, errors)
        for reference in entry.after:
            for outer in _referenced(entry, "after", reference, entries, errors):
                inner[outer].add(entry)
    active = [entry for entry in entries if is_active(entry)]
    order = _sorted(active, {entry: inner[entry] & set(active) for entry in active})
    if len(order) < len(active):
        errors.append(_cycle([entry for entry in active if entry not in order], inner))
    return order


def is_active(entry: MiddlewareEntry) -> bool:
    """Return whether `when` includes an entry."""
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


def _referenced(
    entry: MiddlewareEntry,
    option: str,
    reference: Reference,
    entries: Sequence[MiddlewareEntry],
    errors: list[Exception],
) -> set[MiddlewareEntry]:
    matches = {candidate for candidate in entries if candidate.is_meant_by(reference)}
    named = {candidate for candidate in matches if candidate.is_named and isinstance(reference, str)}
    matches = named or matches
    place = f"{option}={word(reference)} of {entry.name!r}"
    if not matches:
        names = (
            ", ".join(sorted({repr(candidate.name) for candidate in entries if candidate is not entry}))
            or "nothing else"
        )
        fix = f"the pipeline holds {names}"
        errors.append(MiddlewareOrderError(f"no middleware is called {word(reference)}", place, fix))
    elif len(matches) > 1:
        fix = "give one of them a name= and refer to it"
        errors.append(
            MiddlewareOrderError(f"{word(reference)} is ambiguous: {len(matches)} middlewares match", place, fix)
        )
        return set()
    return matches


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


def _cycle(
    remaining: list[MiddlewareEntry], inner: Mapping[MiddlewareEntry, set[MiddlewareEntry]]
) -> MiddlewareOrderError:
    """Return the error for a cycle, found by stepping outwards: every step stays among the remaining entries."""
    outer = {entry: [candidate for candidate in remaining if entry in inner[candidate]] for entry in remaining}
    path = [remaining[0]]
    while path[-1] not in path[:-1]:
        path.append(outer[path[-1]][0])
    names = [entry.name for entry in reversed(path[path.index(path[-1]) :])]
    return MiddlewareOrderError(
        "the order of the middleware is a cycle",
        " before ".join(names),
        f"remove one before= or after= between {' and '.join(sorted(set(names)))}",
    )


def word(reference: Reference) -> str:
    """Return a reference as text: a name itself, a class or function by its qualified name."""
    return reference if isinstance(reference, str) else str(getattr(reference, "__qualname__", repr(reference)))


def _shown(entry: MiddlewareEntry) -> str:
    return f"{getattr(entry.target, '__module__', '')}.{word(entry.target)}"


def misuse(problem: str, target: Any, fix: str) -> MiddlewareError:
    """Return the error of an invalid registration."""
    name = getattr(target, "__qualname__", repr(target))
    return MiddlewareError(f"{name} {problem}", f"{getattr(target, '__module__', type(target).__module__)}.{name}", fix)
