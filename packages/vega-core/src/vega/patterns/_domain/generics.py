"""The type argument of a generic base: `User` in `class Users(Repository[User])`."""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin


def type_argument(cls: type, base: type) -> type | None:
    """Return the class that `cls` passes for the first parameter of `base`; None when left open.

    Follows renamed parameters through intermediate generic classes.
    """
    return _solve(cls, base, {})


def _solve(cls: type, base: type, known: dict[Any, Any]) -> type | None:
    for parent in cls.__dict__.get("__orig_bases__", cls.__bases__):
        origin = get_origin(parent) or parent
        if not isinstance(origin, type) or not issubclass(origin, base):
            continue
        arguments = tuple(known.get(argument, argument) for argument in get_args(parent))
        if origin is base:
            argument = _as_class(arguments[0]) if arguments else None
        else:
            parameters = getattr(origin, "__parameters__", ())
            argument = _solve(origin, base, dict(zip(parameters, arguments, strict=False)))
        if argument is not None:
            return argument
    return None


def _as_class(argument: Any) -> type | None:
    if isinstance(argument, TypeVar):
        return None
    origin = get_origin(argument) or argument
    return origin if isinstance(origin, type) else None
