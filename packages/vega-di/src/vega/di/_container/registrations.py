"""The half of a container in which the user says what provides what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints, overload

from .._errors import InvalidRegistrationError
from .._keys.key import Key, check_key, read_dependency
from .._keys.labels import label
from .._keys.scope import Scope
from .._registration.call_site import user_line
from .._registration.conditions import When
from .._registration.injectable import mark_of, marked_in
from .._registration.registration import Kind, Registration, kind_of, unwrap_context
from .._registration.registry import Decoration
from .epochs import Epochs

T = TypeVar("T")


class Declarations(Epochs):
    """Registrations, decorations, aliases and expectations."""

    @overload
    def register(
        self,
        key: Key[T],
        concrete: Callable[..., T] | None = None,
        *,
        scope: Scope | None = None,
        name: str | None = None,
        when: When = True,
        replace: bool = False,
        enter: bool = True,
    ) -> None: ...
    @overload
    def register(
        self,
        key: FunctionType,
        concrete: Callable[..., Any] | None = None,
        *,
        scope: Scope | None = None,
        name: str | None = None,
        when: When = True,
        replace: bool = False,
        enter: bool = True,
    ) -> None: ...
    def register(
        self,
        key: Any,
        concrete: Any = None,
        *,
        scope: Scope | None = None,
        name: str | None = None,
        when: Any = True,
        replace: bool = False,
        enter: bool = True,
    ) -> None:
        """Say that `concrete` provides `key`.

        Args:
            key: a class, abstract class, Protocol, ``Annotated``, ``NewType`` or generic: ``Repo[User]``; ``Repo[T]``
                and ``Repo`` for every closed form that is asked for.
            concrete: a class or a factory; `key` itself when left out. Context manager classes are entered and closed.
            scope: how long it lives; what ``@injectable`` says when left out, else ``TRANSIENT``.
            name: registers it beside the unnamed one, for ``Named(name)`` and ``resolve(key, name=name)``.
            when: a bool, a callable without arguments or a condition, asked once while the container is built.
            replace: drops the registrations of the same key and name that came before.
            enter: False leaves a context manager alone, neither entered nor closed.

        Raises:
            InvalidKeyError: `key` is not a type.
            InvalidRegistrationError: `concrete` cannot be called.
        """
        call = unwrap_context(key if concrete is None else concrete)
        check_key(key)
        mark = mark_of(call)
        lives = scope or (mark.scope if mark is not None else Scope.TRANSIENT)
        kind = kind_of(key, call, enter=enter)
        self._add(Registration(key, call, kind, lives, name=name, when=when), replace=replace)

    @overload
    def register_factory(
        self,
        key: Key[T],
        factory: Callable[..., Any],
        *,
        scope: Scope = ...,
        name: str | None = None,
        when: When = True,
        replace: bool = False,
        enter: bool = True,
    ) -> None: ...
    @overload
    def register_factory(
        self,
        key: FunctionType,
        factory: Callable[..., Any],
        *,
        scope: Scope = ...,
        name: str | None = None,
        when: When = True,
        replace: bool = False,
        enter: bool = True,
    ) -> None: ...
    def register_factory(
        self,
        key: Any,
        factory: Any,
        *,
        scope: Scope = Scope.TRANSIENT,
        name: str | None = None,
        when: Any = True,
        replace: bool = False,
        enter: bool = True,
    ) -> None:
        """Say that calling `factory` provides `key`.

        The factory takes typed parameters, or one parameter without a type (or of type `Resolver`), which
        receives the resolver: ``lambda sp: Repo(sp.resolve(Db))``. It may be sync, async, a generator or an
        async generator; a generator yields once, and what follows the yield closes the resource.

        Args:
            key: as in `register`.
            factory: a function, method, partial or callable object.
            scope: how long what it gives lives.
            name: as in `register`.
            when: as in `register`.
            replace: as in `register`.
            enter: as in `register`.
        """
        self.register(key, factory, scope=scope, name=name, when=when, replace=replace, enter=enter)

    def register_named(
        self,
        key: Key[T],
        name: str,
        concrete: Callable[..., T],
        *,
        scope: Scope | None = None,
        when: When = True,
        replace: bool = False,
    ) -> None:
        """Say that `concrete` provides `key` under a name."""
        self.register(key, concrete, scope=scope, name=name, when=when, replace=replace)

    def register_instance(
        self,
        key: Key[T],
        instance: T,
        *,
        name: str | None = None,
        when: When = True,
        replace: bool = False,
    ) -> None:
        """Say that this very object provides `key`; who made it closes it.

        Raises:
            InvalidRegistrationError: the object is None.
        """
        check_key(key)
        if instance is None:
            raise InvalidRegistrationError(
                f"None cannot provide {label(key)}", user_line(), "register the object itself"
            )
        self._add(Registration(key, instance, Kind.INSTANCE, Scope.SINGLETON, name=name, when=when), replace=replace)

    def alias(self, key: Any, target: Any, *, name: str | None = None, when: When = True) -> None:
        """Say that `key` is another word for `target`, itself a key: both give the same object."""
        check_key(key)
        dependency = read_dependency(target)
        check_key(dependency.key)
        entry = Registration(key, dependency.key, Kind.ALIAS, Scope.TRANSIENT, name=name, when=when)
        entry.parameters = dependency
        self._add(entry, replace=False)

    def decorate(self, key: Any, decorator: Callable[..., Any], *, when: When = True) -> None:
        """Put `decorator` around every service of `key`, named ones and those of ``All[key]`` too.

        Args:
            key: the decorated key; a bare generic class decorates all its closed forms.
            decorator: a class or function; the parameter of type `key`, or the only one without a type, receives what
                it is put around, the others are injected. It lives as long as what it decorates. The last one is
                outermost.
            when: as in `register`.
        """
        check_key(key)
        entry = Registration(key, decorator, kind_of(key, decorator, enter=True), Scope.TRANSIENT, when=when)
        with self.lock:
            self.registry.decorations.append(Decoration(key, entry))
            self.invalidate()

    def expect(self, key: Any) -> None:
        """Say that each scope is given a value for `key`, a request or a user: ``container.scope({key: value})``."""
        check_key(key)
        with self.lock:
            if self.registry.expect(key):
                self.invalidate()

    def include(self, modules: Iterable[str]) -> int:
        """Register what ``@injectable`` marked in these modules.

        Args:
            modules: dotted names, exact; the modules have been imported.

        Returns:
            How many registrations were new; including a module twice adds nothing.
        """
        count = 0
        known = {(id(entry.call), entry.key) for entry in self.registry.entries}
        for target, mark in marked_in(modules):
            key = mark.provides if mark.provides is not None else _provided(target)
            seen = id(unwrap_context(target)), key
            if seen not in known:
                known.add(seen)
                self.register(key, target, scope=mark.scope, name=mark.name, when=mark.when)
                count += 1
        return count

    def _add(self, entry: Registration, *, replace: bool) -> None:
        with self.lock:
            self.refuse_closed()
            self.registry.add(entry, replace=replace)
            self.invalidate()


def _provided(target: Any) -> Any:
    if isinstance(target, type):
        return target
    hint = get_type_hints(unwrap_context(target), include_extras=True).get("return")
    parts = get_args(hint)
    is_stream = getattr(get_origin(hint), "__module__", "") == "collections.abc"
    if hint is None:
        raise InvalidRegistrationError(
            f"{label(target)} is marked @injectable and does not say what it provides",
            f"{target.__module__}.{target.__qualname__}",
            "annotate its return type, or say @injectable(provides=...)",
        )
    return parts[0] if is_stream and parts else hint
