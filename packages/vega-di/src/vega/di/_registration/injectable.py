"""`@injectable`: a mark on the class or function, and an entry in the catalogue of `include`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar, overload

from .._keys.scope import Scope

C = TypeVar("C", bound=Callable[..., Any])
_MARK = "__vega_injectable__"


class Mark(NamedTuple):
    """The options of a mark."""

    scope: Scope
    provides: Any
    name: str | None
    when: Any


CATALOGUE: dict[str, Any] = {}
"""``module:qualname`` of everything marked, in order of definition; the newest definition of a name wins."""


@overload
def injectable(target: C, /) -> C: ...
@overload
def injectable(
    *, scope: Scope = ..., provides: Any = None, name: str | None = None, when: Any = True
) -> Callable[[C], C]: ...
def injectable(
    target: Any = None,
    /,
    *,
    scope: Scope = Scope.TRANSIENT,
    provides: Any = None,
    name: str | None = None,
    when: Any = True,
) -> Any:
    """Mark a class or a factory function for registration, without further change.

    Args:
        target: the class or function, when used without parentheses.
        scope: the lifetime of the service.
        provides: the key; by default the class, or the return type of the function.
        name: the name of the service.
        when: a condition, as in ``Container.register``.
    """

    def mark(decorated: C) -> C:
        setattr(decorated, _MARK, Mark(scope=scope, provides=provides, name=name, when=when))
        CATALOGUE[f"{decorated.__module__}:{decorated.__qualname__}"] = decorated
        return decorated

    return mark if target is None else mark(target)


def mark_of(target: Any) -> Mark | None:
    """Return the mark of a class or function; marks of base classes do not count."""
    found = getattr(target, "__dict__", {}).get(_MARK)
    return found if isinstance(found, Mark) else None


def marked_in(modules: Iterable[str]) -> Iterator[tuple[Any, Mark]]:
    """Yield the marked classes and functions of some modules, in order of definition."""
    wanted = frozenset(modules)
    for address, target in list(CATALOGUE.items()):
        mark = mark_of(target)
        if mark is not None and address.partition(":")[0] in wanted:
            yield target, mark
