"""The registrations of a container: calls of the user as entries of a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypedDict, get_args, get_origin, get_type_hints

from .._engine.epochs import Epochs
from .._errors import InvalidRegistrationError
from .._keys.key import check_key, label, read_dependency
from .._keys.scope import Scope
from .._registration.conditions import When
from .._registration.injectable import mark_of, marked_in
from .._registration.registration import Kind, Registration, kind_of, unwrap_context, user_line
from .._registration.registry import Registry


class NamedOptions(TypedDict, total=False):
    """Options of a registration under a name; see `Container.register`."""

    scope: Scope | None
    when: When
    replace: bool
    enter: bool


class Options(NamedOptions, total=False):
    """Options of a registration; see `Container.register`."""

    name: str | None


class Registrations:
    """Checks registrations, decorations, aliases and expectations, and begins new epochs."""

    def __init__(self, registry: Registry, epochs: Epochs) -> None:
        self._registry = registry
        self._epochs = epochs

    def provider(
        self,
        key: Any,
        concrete: Any,
        *,
        scope: Scope | None = None,
        name: str | None = None,
        when: When = True,
        replace: bool = False,
        enter: bool = True,
    ) -> None:
        """Add a class or factory."""
        call = unwrap_context(key if concrete is None else concrete)
        check_key(key)
        mark = mark_of(call)
        lifetime = scope or (mark.scope if mark is not None else Scope.TRANSIENT)
        kind = kind_of(key, call, enter=enter)
        self._add(Registration(key, call, kind, lifetime, name=name, when=when), replace=replace)

    def instance(self, key: Any, instance: Any, *, name: str | None, when: Any, replace: bool) -> None:
        """Add an existing object."""
        check_key(key)
        if instance is None:
            raise InvalidRegistrationError(
                f"None cannot provide {label(key)}", user_line(), "register the object itself"
            )
        self._add(Registration(key, instance, Kind.INSTANCE, Scope.SINGLETON, name=name, when=when), replace=replace)

    def alias(self, key: Any, target: Any, *, name: str | None, when: Any) -> None:
        """Add a second key of a service."""
        check_key(key)
        dependency = read_dependency(target)
        check_key(dependency.key)
        entry = Registration(key, dependency.key, Kind.ALIAS, Scope.TRANSIENT, name=name, when=when)
        entry.parameters = dependency
        self._add(entry, replace=False)

    def decoration(self, key: Any, decorator: Callable[..., Any], *, when: Any) -> None:
        """Add a decorator of every service of a key."""
        check_key(key)
        entry = Registration(key, decorator, kind_of(key, decorator, enter=True), Scope.TRANSIENT, when=when)
        with self._epochs.lock:
            self._registry.decorations.append(entry)
            self._epochs.invalidate()

    def expectation(self, key: Any) -> None:
        """Add a key whose value every scope receives."""
        check_key(key)
        self._epochs.expect(key)

    def include(self, modules: Iterable[str]) -> int:
        """Add the marks of ``@injectable`` in some modules; return the number of new registrations."""
        count = 0
        known = {(id(entry.call), entry.key) for entry in self._registry.entries}
        for target, mark in marked_in(modules):
            key = mark.provides if mark.provides is not None else _provided(target)
            identity = id(unwrap_context(target)), key
            if identity not in known:
                known.add(identity)
                self.provider(key, target, scope=mark.scope, name=mark.name, when=mark.when)
                count += 1
        return count

    def _add(self, entry: Registration, *, replace: bool) -> None:
        with self._epochs.lock:
            self._epochs.refuse_closed()
            self._registry.add(entry, replace=replace)
            self._epochs.invalidate()


def _provided(target: Any) -> Any:
    if isinstance(target, type):
        return target
    hint = get_type_hints(unwrap_context(target), include_extras=True).get("return")
    parts = get_args(hint)
    is_stream = getattr(get_origin(hint), "__module__", "") == "collections.abc"
    if hint is None:
        raise InvalidRegistrationError(
            f"{label(target)} is marked @injectable without a key",
            f"{target.__module__}.{target.__qualname__}",
            "annotate its return type, or write @injectable(provides=...)",
        )
    return parts[0] if is_stream and parts else hint
