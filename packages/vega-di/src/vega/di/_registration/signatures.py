"""Signatures, read once per registration, from the code object where possible."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any, ForwardRef, NamedTuple, TypeAlias, get_origin, get_type_hints

from .._errors import UnresolvedHintError
from .._keys.key import label, tuple_in
from .registration import Registration

EMPTY: Any = inspect.Parameter.empty
POSITIONAL_ONLY, POSITIONAL, KEYWORD_ONLY = 0, 1, 3  # the values of inspect's kinds


class Parameter(NamedTuple):
    """A parameter; `hint` and `default` may be EMPTY."""

    name: str
    hint: Any
    kind: int
    default: Any


Names: TypeAlias = Callable[[], Mapping[str, Any]]
"""Returns the types of a container by name, for annotations whose names exist only for type checkers."""


def types_by_name(entries: Iterable[Registration]) -> dict[str, Any]:
    """Return the registered types by name; EMPTY for an ambiguous name."""
    found: dict[str, Any] = {}
    for entry in entries:
        for known in (entry.key, entry.call):
            cls = get_origin(known) or known
            if isinstance(cls, type):
                name = cls.__name__
                found[name] = cls if found.get(name, cls) is cls else EMPTY
    return found


def read_parameters(call: Any, names: Names) -> tuple[Parameter, ...]:
    """Return the parameters of a class or callable, without ``self``, ``*args`` and ``**kwargs``.

    Raises:
        UnresolvedHintError: an annotation contains an unknown name.
    """
    function, skip = _function_behind(call)
    if function is None:
        return ()
    if type(function) is FunctionType and not _says_otherwise(call, function):
        found = _from_code(function, skip)
    else:
        found = _from_signature(call)
    return tuple(_evaluated(parameter, call, function, names) for parameter in found)


def _says_otherwise(call: Any, function: FunctionType) -> bool:
    """Return whether a callable with ``*args`` or ``**kwargs`` declares a signature of its own."""
    takes_anything = bool(function.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS))
    return takes_anything and (hasattr(function, "__wrapped__") or hasattr(call, "__signature__"))


def _function_behind(call: Any) -> tuple[Any, int]:
    call = get_origin(call) or call
    if isinstance(call, type):
        if call.__init__ is not object.__init__:  # type: ignore[misc]  # the class's own constructor
            return call.__init__, 1  # type: ignore[misc]  # the same
        new: Any = call.__new__
        if new is not object.__new__:
            return new, 1
        return (call if hasattr(call, "__signature__") else None), 0  # a metaclass may take the arguments
    if isinstance(call, MethodType):
        return call.__func__, 1
    if type(call) in {FunctionType, partial}:
        return call, 0
    return type(call).__call__, 1


def annotations_of(function: Any) -> Mapping[str, Any]:
    """Return the raw annotations of a function; as text where evaluation fails (3.14)."""
    try:
        found: Mapping[str, Any] = getattr(function, "__annotations__", {})
    except NameError:
        library: Any = import_module("annotationlib")  # Python 3.14
        found = library.get_annotations(function, format=library.Format.STRING)
    return found


def _from_code(function: FunctionType, skip: int) -> tuple[Parameter, ...]:
    code, hints = function.__code__, annotations_of(function)
    names, count = code.co_varnames, code.co_argcount
    defaults = function.__defaults__ or ()
    first_default = count - len(defaults)
    found = [
        Parameter(
            names[index],
            hints.get(names[index], EMPTY),
            POSITIONAL_ONLY if index < code.co_posonlyargcount else POSITIONAL,
            EMPTY if index < first_default else defaults[index - first_default],
        )
        for index in range(skip, count)
    ]
    if code.co_kwonlyargcount:
        fallback = function.__kwdefaults__ or {}
        found += [
            Parameter(name, hints.get(name, EMPTY), KEYWORD_ONLY, fallback.get(name, EMPTY))
            for name in names[count : count + code.co_kwonlyargcount]
        ]
    return tuple(found)


def _from_signature(call: Any) -> tuple[Parameter, ...]:
    try:
        signature = inspect.signature(get_origin(call) or call)
    except ValueError:
        return ()
    variable = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return tuple(
        Parameter(each.name, each.annotation, int(each.kind), each.default)
        for each in signature.parameters.values()
        if each.kind not in variable
    )


def _is_text(hint: Any) -> bool:
    if isinstance(hint, type):
        return False
    if isinstance(hint, (str, ForwardRef)):
        return True
    return any(_is_text(part) for part in tuple_in(hint, "__args__"))


def globals_of(call: Any, function: Any) -> dict[str, Any]:
    """Return the global names around an annotation.

    Generated constructors, such as in named tuples, have no module; the names are from the module of the class.
    """
    while isinstance(function, partial):
        function = function.func
    found: dict[str, Any] = getattr(inspect.unwrap(function), "__globals__", {})
    kind = get_origin(call) or call
    if found.get("__name__") in sys.modules or not isinstance(kind, type):
        return found
    owner = next((cls for cls in kind.__mro__ if function.__name__ in vars(cls)), kind)
    return vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else found


def evaluate_hint(hint: Any, scope: dict[str, Any], names: Names) -> Any:
    """Evaluate an annotation in text form, with `names` for names outside the module.

    Raises:
        NameError: an unknown name, in ``error.name``.
    """
    if isinstance(hint, str) and isinstance(scope.get(hint), type):
        return scope[hint]
    known: dict[str, Any] = {}
    holder: Any = SimpleNamespace(__annotations__={"hint": hint})
    while True:
        try:
            return get_type_hints(holder, scope, known, include_extras=True)["hint"]
        except NameError as error:
            absent = str(error.name)
            found = names().get(absent, EMPTY) if absent not in known else EMPTY
            if found is EMPTY:
                raise
            known[absent] = found


def _evaluated(parameter: Parameter, call: Any, function: Any, names: Names) -> Parameter:
    if not _is_text(parameter.hint):
        return parameter
    try:
        return parameter._replace(hint=evaluate_hint(parameter.hint, globals_of(call, function), names))
    except NameError as error:
        raise unresolved(call, parameter, str(error.name)) from error
    except Exception as error:
        raise unresolved(call, parameter, f"{parameter.hint!r}: {error}") from error


def unresolved(call: Any, parameter: Parameter, absent: str) -> UnresolvedHintError:
    """Return the error with class, parameter and missing import."""
    module = getattr(get_origin(call) or call, "__module__", "?")
    return UnresolvedHintError(
        f"the type of {label(call)}({parameter.name}: {parameter.hint}) is unreadable: "
        f"{absent} is not a name at run time",
        f"parameter {parameter.name!r} of {label(call)} in module {module}",
        f"import {absent} in {module} outside `if TYPE_CHECKING:`, or register a type called {absent}",
    )
