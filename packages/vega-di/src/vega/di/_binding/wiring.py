"""The choice of the injected parameters of a bound function."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._errors import (
    CaptiveDependencyError,
    CircularDependencyError,
    ContainerError,
    InjectionError,
    MissingProviderError,
)
from .._graph.node import Argument, ArgumentSource, Node
from .._graph.validation import async_required, mistakes_error
from .._keys.key import Dependency, is_builtin, label, read_dependency
from .._keys.scope import Scope
from .._registration.registration import Kind, Registration
from .._registration.signatures import EMPTY, Parameter, read_parameters

if TYPE_CHECKING:
    from .._engine.engine import Engine
    from .._engine.epochs import Epochs
    from .._graph.linker import Linker
    from .bound_function import Bound


class _Chooser:
    """Chooses the providers of the parameters of a function, for some given arguments."""

    def __init__(self, engine: Engine, bound: Bound, given: frozenset[str]) -> None:
        self.engine = engine
        self.linker: Linker = engine.linker
        self.bound = bound
        self.given = given
        self.left: list[Parameter] = []
        self.used_name = bound.name is None

    def choose(self, node: Node, parameter: Parameter) -> Argument | None:
        """Return the argument of a parameter; None for a value of the caller, or a default."""
        if parameter.name in self.given or (parameter.hint is EMPTY and not self._is_strict(parameter)):
            self._leave(parameter)
            return None
        dependency = read_dependency(parameter.hint)
        found = self._named(dependency, parameter) or self._plain(node, dependency, parameter)
        if found is None:
            self._leave(parameter)
        return found

    def _leave(self, parameter: Parameter) -> None:
        if parameter.name not in self.given:
            self.left.append(parameter)

    def _named(self, dependency: Dependency, parameter: Parameter) -> Argument | None:
        if self.bound.name is None or dependency.name is not None:
            return None
        where = self.linker.find(dependency._replace(name=self.bound.name, marked=True))
        found = None if where is None else self.linker.graph.nodes.get(where)
        if found is None:
            return None
        self.used_name = True
        return Argument(None, ArgumentSource.NODE, found, parameter.name)

    def _plain(self, node: Node, dependency: Dependency, parameter: Parameter) -> Argument | None:
        must = self._is_strict(parameter) and not (is_builtin(dependency.key) and dependency.optional)
        return self.linker.choose(node, parameter) if must or self.linker.is_injectable(dependency) else None

    def _is_strict(self, parameter: Parameter) -> bool:
        """Return whether a parameter is declared as injected."""
        given = self.bound.given
        return given is not None and parameter.name not in given and parameter.default is EMPTY


def wire(engine: Engine, bound: Bound, given: frozenset[str]) -> tuple[Node, dict[int, Any]]:
    """Wire a call of a bound function.

    Args:
        engine: the epoch.
        bound: the function.
        given: the names of the given arguments, which win.

    Returns:
        The node with the injected services, and the defaults of arguments left out, by place.

    Raises:
        InjectionError: a parameter can be neither injected nor left out.
        ContainerError: several such parameters.
        TypeError: a required argument is missing, as in any call.
    """
    with engine.epochs.lock:
        entry = Registration(bound.function, bound.function, Kind.CALL, Scope.TRANSIENT)
        code = getattr(inspect.unwrap(bound.function), "__code__", None)
        entry.site = ("?", 0) if code is None else (code.co_filename, code.co_firstlineno)
        node = Node(bound.function, bound.function, Kind.CALL, Scope.TRANSIENT, entry)
        chooser = _Chooser(engine, bound, given)
        if bound.hints is None:
            bound.hints = read_parameters(bound.function, engine.linker.names)
        chosen = [chooser.choose(node, each) for each in bound.hints]
        node.take(each for each in chosen if each is not None)
        engine.linker.graph.every.append(node)
        try:
            engine.grow()
        except ContainerError as group:
            if len(group.exceptions) == 1:
                raise group.exceptions[0] from None
            raise
        finally:
            engine.forget(node)
    defaults = _defaults(engine, bound, node, chooser.left)
    _check(engine, bound, node, chooser)
    return node, defaults


def _defaults(engine: Engine, bound: Bound, node: Node, left: list[Parameter]) -> dict[int, Any]:
    places = {name: index for index, (name, _) in enumerate(bound.shape)}
    absent = [each for each in left if each.default is EMPTY]
    if not absent:
        return {places[each.name]: each.default for each in left}
    for each in absent:
        dependency = read_dependency(each.hint)
        if each.hint is not EMPTY and not is_builtin(dependency.key) and isinstance(dependency.key, type):
            function, key = label(bound.function), label(dependency.key)
            raise MissingProviderError(
                f"{function} was called without {each.name!r}, and nothing provides {key}",
                f"{function}({each.name}: {key}), {node.registration.site_text()}",
                f"give the argument, or container.register({key}, ...){engine.epochs.remedy()}",
            )
    names = ", ".join(repr(each.name) for each in absent)
    raise TypeError(f"{label(bound.function)}() is missing {len(absent)} required argument(s): {names}")


def _check(engine: Engine, bound: Bound, node: Node, chooser: _Chooser) -> None:
    if not chooser.used_name and any(each.name not in chooser.given for each in bound.hints):
        raise MissingProviderError(
            f"no parameter of {label(bound.function)} has a service named {bound.name!r}",
            f"@bind(name={bound.name!r}) on {label(bound.function)}, {node.registration.site_text()}",
            f"container.register_named(<type of a parameter>, {bound.name!r}, ...), or drop the name",
        )
    if bound.scope is Scope.SINGLETON and (node.needs_scope or node.holds_scoped):
        raise CaptiveDependencyError(
            f"{label(bound.function)} may take nothing that lives in a scope, and does",
            f"@bind(scope=Scope.SINGLETON) on {label(bound.function)}, {node.registration.site_text()}",
            "drop scope=Scope.SINGLETON, or let it take a Provider",
        )
    if node.is_async and not bound.is_async:
        raise async_required(node)


def validate(epochs: Epochs, functions: Iterable[Bound]) -> None:
    """Prove the registrations, and bound functions whose callers give exactly the declared parameters.

    Raises:
        ContainerError: every mistake, those of functions beside those of registrations.
    """
    engine, mistakes = epochs.draft()
    errors = [error for bound in functions for error in _mistakes(engine, bound)]
    if mistakes:  # a function is in no cycle itself
        errors = [*mistakes, *(error for error in errors if not isinstance(error, CircularDependencyError))]
    if errors:
        raise mistakes_error(errors)


def _mistakes(engine: Engine, bound: Bound) -> list[InjectionError]:
    names = frozenset(name for name, _ in bound.shape)
    given = bound.given if bound.given is not None else frozenset[str]()
    try:
        wire(engine, bound, (given & names) | bound.variable)
    except InjectionError as error:
        errors = [error]
    except ContainerError as group:
        errors = [error for error in group.exceptions if isinstance(error, InjectionError)]  # it is not nested
    except TypeError:
        return []
    else:
        return []
    return [error for error in errors if bound.given is not None or not isinstance(error, MissingProviderError)]


def injected(engine: Engine, function: Any, given: frozenset[str]) -> dict[str, Any]:
    """Return the injectable parameters of a function, with types."""
    linker = engine.linker
    found: dict[str, Any] = {}
    with engine.epochs.lock:
        for each in read_parameters(function, linker.names):
            if each.name not in given and each.hint is not EMPTY and linker.is_injectable(read_dependency(each.hint)):
                found[each.name] = each.hint
        engine.grow()
    return found
