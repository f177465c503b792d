"""Make objects of a closed scope raise ScopeClosedError when used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast, get_origin

from .._errors import ContainerClosedError, ContainerError, ScopeClosedError
from .._keys.scope import Scope
from .._registration.call_site import user_line
from .._registration.registration import Kind
from .closed_store import CLOSED, came_from

if TYPE_CHECKING:
    from .ports import EngineSource, ScopedEngine

_FROM_CLASSES: Final = frozenset({Kind.CALL, Kind.CONTEXT, Kind.ASYNC_CONTEXT})
_SCOPE: Final = "__vega_scope__"
_QUIET: Final = frozenset({"builtins", "typing"})  # whose classes do not mind being derived from


def ending(scope: object, store: Any, container: EngineSource) -> Callable[[], None]:
    """Give what makes the objects that an open scope has built refuse any use.

    These are the objects that classes have built for the scope alone. Objects of factories are left out, since they may
    come from a pool; so are given values, and objects of classes that may share them (a `__new__` or a metaclass of
    their own) or that have no `__dict__`, a `__del__`, or an `__init_subclass__`.

    Args:
        scope: the open scope.
        store: the objects that it has built, by slot.
        container: the container that opened it.
    """
    if not store or store is CLOSED:
        return _nothing
    try:
        engine: ScopedEngine = container.container_slot.engine or container.effective()
    except (ContainerClosedError, ContainerError):  # it was closed or broken meanwhile; the scope must end all the same
        return _nothing
    owned = engine.owned
    if owned is None:
        owned = engine.owned = _owned(engine)
    built = [
        (found, owned[slot])
        for slot in store.keys() & owned.keys()
        if (found := store[slot]) is not None and type(found) is owned[slot].__vega_of__
    ]
    return partial(_end, built, scope) if built else _nothing


def _end(built: Iterable[tuple[object, type[Any]]], scope: object) -> None:
    for found, kind in built:
        found.__dict__[_SCOPE] = scope
        object.__setattr__(found, "__class__", kind)


def _nothing() -> None:
    """End nothing."""


def _owned(engine: ScopedEngine) -> dict[int, type[Any]]:
    """Give the slots of what classes give, each with what its object becomes."""
    nodes = [each for each in engine.graph.every if each.scope is Scope.SCOPED and each.kind in _FROM_CLASSES]
    classes = {each.slot: get_origin(each.call) or each.call for each in nodes}
    return {slot: _ended(cls) for slot, cls in classes.items() if _is_own(cls)}


def _is_own(cls: Any) -> bool:
    kind = cast("Any", type(cls))
    return (
        isinstance(cls, type)
        and kind.__call__ == type.__call__
        and vars(object)["__new__"] == cls.__new__
        and not hasattr(cls, "__del__")
        and cls.__dictoffset__ != 0
        and next(each for each in cls.__mro__ if "__init_subclass__" in vars(each)).__module__ in _QUIET
    )


def _ended(cls: type) -> type[Any]:
    """Make the class of the ended objects of a class: one of the same layout, whose instances refuse."""
    kind: Any = type(cls)
    made: type[Any] = kind(cls.__name__, (cls,), {**_REFUSALS, "__slots__": (), "__vega_of__": cls})
    return made


def _get(self: Any, name: str) -> Any:
    return _of(self) if name == "__class__" else _refuse(self)


def _set(self: Any, name: str, *_: object) -> None:
    _refuse(self)


def _written(self: Any) -> str:
    return f"<{_of(self).__qualname__} of a scope that is over>"


def _of(found: object) -> type:
    kind: Any = type(found)
    cls: type = kind.__vega_of__
    return cls


_REFUSALS: Final[dict[str, Any]] = {
    "__getattribute__": _get,
    "__setattr__": _set,
    "__delattr__": _set,
    "__repr__": _written,
    "__eq__": object.__eq__,
    "__hash__": object.__hash__,
}


def _refuse(found: object) -> NoReturn:
    raise ScopeClosedError(
        f"{_of(found).__qualname__} is used after the end of its scope",
        f"{came_from(object.__getattribute__(found, '__dict__')[_SCOPE])}; used at {user_line()}",
        "use it inside the scope, or give what outlives it a scope of its own",
    )
