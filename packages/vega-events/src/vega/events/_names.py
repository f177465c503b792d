"""Names of classes and callables for messages, logs and the catalogue."""

from __future__ import annotations

from functools import partial


def name_of(thing: object) -> str:
    """Return `module:qualname` of a class or callable; of the function of a partial."""
    while isinstance(thing, partial):
        thing = thing.func
    qualname = getattr(thing, "__qualname__", None)
    if qualname is None:
        thing = type(thing)
        qualname = thing.__qualname__
    return f"{getattr(thing, '__module__', None) or 'builtins'}:{qualname}"


def place_of(function: object) -> str:
    """Return `name  file:line` of a callable, or the name alone without a source."""
    while isinstance(function, partial):
        function = function.func
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    name = name_of(function)
    return f"{name}   {code.co_filename}:{code.co_firstlineno}" if code is not None else name
