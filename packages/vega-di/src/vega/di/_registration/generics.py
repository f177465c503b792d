"""Open generics: registrations of a closed key, and meanings of type variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, get_args, get_origin

from .._keys.key import tuple_in
from .registration import Kind, Registration

Meaning = dict[Any, Any]


def variables_of(hint: Any) -> tuple[Any, ...]:
    """Return the type variables of a type."""
    if isinstance(hint, TypeVar):
        return (hint,)
    if isinstance(hint, type) and not get_args(hint):
        return ()
    return tuple_in(hint, "__parameters__")


def substitute(hint: Any, meaning: Mapping[Any, Any]) -> Any:
    """Return a type with the meanings of its variables."""
    if isinstance(hint, TypeVar):
        return meaning.get(hint, hint)
    variables = variables_of(hint)
    return hint[tuple(meaning.get(each, each) for each in variables)] if variables else hint


def unify(pattern: Any, closed: Any, meaning: Meaning) -> bool:
    """Match a type with variables against a closed type, and add the meanings of the variables."""
    if isinstance(pattern, TypeVar):
        return bool(meaning.setdefault(pattern, closed) == closed)
    if pattern == closed:
        return True
    parts, others = get_args(pattern), get_args(closed)
    if get_origin(pattern) is None or get_origin(pattern) is not get_origin(closed) or len(parts) != len(others):
        return False
    return all(unify(part, other, meaning) for part, other in zip(parts, others, strict=True))


def is_open(entry: Registration) -> bool:
    """Return whether a registration provides the closed forms of a generic, wired at their first request."""
    if entry.kind is Kind.VALUE:
        return False  # an object of the scope is given for the key
    if not isinstance(entry.key, type):
        return bool(variables_of(entry.key))
    if Generic not in entry.key.__mro__:
        return False
    made = get_origin(entry.call) or entry.call
    return bool(getattr(entry.key, "__parameters__", ()) and getattr(made, "__parameters__", ()))


def closed_by_bases(cls: type) -> Meaning:
    """Return the meanings of the type variables of the bases: ``class Users(Repo[User])`` means T is User."""
    meaning: Meaning = {}
    for each in cls.__mro__:
        for base in each.__dict__.get("__orig_bases__", ()):
            origin = get_origin(base)
            if origin is None or origin is Generic:
                continue
            for variable, argument in zip(getattr(origin, "__parameters__", ()), get_args(base), strict=False):
                meaning.setdefault(variable, substitute(argument, meaning))
    return meaning


def close(key: Any, call: Any, wanted: Any) -> tuple[Any, Meaning] | None:
    """Close an open registration for a wanted key.

    Args:
        key: the registered key, ``Repo[T]`` or the bare class ``Repo``.
        call: the registered provider.
        wanted: a closed key, ``Repo[User]``.

    Returns:
        The callable (``SqlRepo[User]``, or the function itself) and the types of the variables; None without a fit.
    """
    meaning: Meaning = {}
    origin = get_origin(wanted)
    if get_origin(key) is None:
        key = _as_base(call, origin)
    if key is None or not unify(key, wanted, meaning):
        return None
    target: Any = get_origin(call) or call
    parameters = tuple_in(target, "__parameters__") if isinstance(target, type) else ()
    if not parameters:
        return call, meaning
    if get_origin(call) is not None:
        made = substitute(call, meaning)
        meaning = dict(zip(parameters, get_args(made), strict=False)) | meaning
        return made, meaning
    if all(each in meaning for each in parameters):
        generic: Any = target
        return generic[tuple(meaning[each] for each in parameters)], meaning
    return None


def _as_base(made: Any, origin: Any) -> Any:
    """Return a base of a generic class, with the variables of the class."""
    call: Any = get_origin(made) or made
    if not isinstance(call, type):
        return None
    if call is not made:
        own: tuple[Any, ...] = getattr(call, "__parameters__", ())
        base = _as_base(call, origin)
        return None if base is None else substitute(base, dict(zip(own, get_args(made), strict=False)))
    if call is origin:
        variables = tuple_in(call, "__parameters__")
        return origin[variables] if variables else None
    for each in call.__mro__:
        for base in each.__dict__.get("__orig_bases__", ()):
            if get_origin(base) is origin and variables_of(base):
                return base
    return None
