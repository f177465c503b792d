"""The container: what provides what, and the scopes it opens."""

from __future__ import annotations

import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, get_type_hints, overload

from ._errors import AmbiguousProviderError, MissingProviderError, ScopeClosedError, ScopeRequiredError
from ._injectable import mark_of, marked_in
from ._markers import INJECT, Inject, Named
from ._scope import Scope

T = TypeVar("T")
_ambient: ContextVar[ActiveScope | None] = ContextVar("vega_di_scope", default=None)


class Key(Protocol[T]):  # type: ignore[misc]  # invariant on purpose: the key alone decides T
    """A class, an abstract class or a Protocol: what a service is asked for by."""

    def __call__(self, *args: Any, **kwargs: Any) -> T:
        """Construct."""
        ...


@dataclass(slots=True)
class _Provider:
    call: Callable[..., Any]
    scope: Scope
    when: Any
    parameters: list[tuple[str, Any, str | None, bool]] | None = None
    takes_resolver: bool = False
    instance: Any = None
    lock: Any = field(default_factory=threading.RLock)

    def active(self) -> bool:
        return bool(self.when() if callable(self.when) else self.when)


def read(call: Callable[..., Any]) -> list[tuple[str, Any, str | None, bool]]:
    """Read name, type, service name and obligation of each parameter."""
    target = call.__init__ if inspect.isclass(call) else call
    hints = get_type_hints(target, include_extras=True) if target is not object.__init__ else {}
    found = []
    for name, parameter in inspect.signature(call).parameters.items():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        hint, service = hints.get(name), None
        for extra in getattr(hint, "__metadata__", ()):
            service = extra.name if isinstance(extra, Named) else service
        if any(
            extra is INJECT or extra is Inject or isinstance(extra, Named)
            for extra in getattr(hint, "__metadata__", ())
        ):
            hint = hint.__origin__  # type: ignore[union-attr]  # only Annotated has __metadata__
        found.append((name, hint, service, parameter.default is parameter.empty))
    return found


class _Resolving:
    """What container and scope share."""

    @overload
    def resolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: object, *, name: str | None = None) -> Any: ...
    def resolve(self, key: Any, *, name: str | None = None) -> Any:
        """Give the service that is registered for `key`.

        Raises:
            MissingProviderError: nothing provides it.
            ScopeRequiredError: it lives in a scope and none is open.
        """
        return self._get(key, name)

    @overload
    async def aresolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: object, *, name: str | None = None) -> Any: ...
    async def aresolve(self, key: Any, *, name: str | None = None) -> Any:
        """Give the service that is registered for `key`."""
        found = self._get(key, name)
        return await found if inspect.iscoroutine(found) else found

    def _get(self, key: Any, name: str | None) -> Any:
        raise LookupError(key)


class Container(_Resolving):
    """Knows what provides each key."""

    def __init__(self, mapping: Mapping[Any, Any] | None = None) -> None:
        self._providers: dict[tuple[Any, str | None], list[_Provider]] = {}
        self._overrides: dict[tuple[Any, str | None], Any] = {}
        self._exits: list[Any] = []
        for key, concrete in (mapping or {}).items():
            self.register(key, concrete)

    def register(
        self,
        key: Key[T],
        concrete: Callable[..., T] | None = None,
        *,
        scope: Scope | None = None,
        name: str | None = None,
        when: bool | Callable[[], bool] = True,
        replace: bool = False,
    ) -> None:
        """Say that `concrete` (or `key` itself) provides `key`."""
        call: Any = key if concrete is None else concrete
        mark = mark_of(call)
        lives = scope or (mark.scope if mark else Scope.TRANSIENT)
        if replace:
            self._providers.pop((key, name), None)
        self._providers.setdefault((key, name), []).append(_Provider(call, lives, when))

    def register_factory(
        self,
        key: Key[T],
        factory: Callable[..., Any],
        *,
        scope: Scope = Scope.TRANSIENT,
        name: str | None = None,
        when: bool | Callable[[], bool] = True,
        replace: bool = False,
    ) -> None:
        """Say that calling `factory` provides `key`; it takes a `Resolver` or typed parameters."""
        self.register(key, factory, scope=scope, name=name, when=when, replace=replace)
        provider = self._providers[key, name][-1]
        unannotated = [name for name, hint, _, required in read(factory) if hint is None and required]
        provider.takes_resolver = len(unannotated) == 1

    def register_named(self, key: Key[T], name: str, concrete: Callable[..., T], *, scope: Scope | None = None) -> None:
        """Say that `concrete` provides `key` under a name."""
        self.register(key, concrete, name=name, scope=scope)

    def register_instance(self, key: Key[T], instance: T, *, name: str | None = None, replace: bool = False) -> None:
        """Say that this very object provides `key`; the container never closes it."""
        self.register(key, lambda: instance, scope=Scope.SINGLETON, name=name, replace=replace)

    @contextmanager
    def override(self, values: Mapping[Any, Any]) -> Iterator[None]:
        """Let these objects provide these keys inside the block."""
        before = dict(self._overrides)
        self._overrides.update({(key, None): value for key, value in values.items()})
        try:
            yield
        finally:
            self._overrides = before

    def include(self, modules: Iterable[str]) -> int:
        """Register what `@injectable` marked in these modules; gives how many were new."""
        count = 0
        for target, mark in marked_in(modules):
            key = mark.provides or (target if inspect.isclass(target) else get_type_hints(target)["return"])
            known = self._providers.get((key, mark.name), [])
            if all(provider.call is not target for provider in known):
                self.register(key, target, scope=mark.scope, name=mark.name, when=mark.when)
                count += 1
        return count

    def scope(self, values: Mapping[Any, Any] | None = None) -> ActiveScope:
        """Open a scope; `values` are injectable in it."""
        return ActiveScope(self, values or {})

    def bind(self, function: Callable[..., Any], *, name: str | None = None) -> Callable[..., Any]:
        """Give a callable that fills the injectable parameters of `function` from this container."""
        from ._bind import bound

        return bound(function, name, lambda: self)

    def validate(self) -> None:
        """Check that everything registered can be built."""

    def close(self) -> None:
        """Close what the singletons opened."""

    async def aclose(self) -> None:
        """Close what the singletons opened, awaiting where needed."""

    def provides(self, key: Any, name: str | None = None) -> bool:
        """Say whether a key can be resolved."""
        try:
            return (key, name) in self._overrides or any(p.active() for p in self._providers.get((key, name), []))
        except TypeError:
            return False

    def _get(self, key: Any, name: str | None) -> Any:
        scope = _ambient.get()
        return self._build(key, name, scope if scope is not None and scope.container is self else None)

    def _build(self, key: Any, name: str | None, scope: ActiveScope | None) -> Any:
        if (key, name) in self._overrides:
            return self._overrides[key, name]
        active = [p for p in self._providers.get((key, name), []) if p.active()]
        if not active:
            raise MissingProviderError(f"nothing provides {key!r}", f"name {name!r}", "register it")
        if len(active) > 1:
            raise AmbiguousProviderError(f"several provide {key!r}", f"name {name!r}", "name them, or replace=True")
        return self._from(active[0], scope, key)

    def _from(self, provider: _Provider, scope: ActiveScope | None, key: Any) -> Any:
        if provider.scope is Scope.SINGLETON:
            with provider.lock:
                if provider.instance is None:
                    provider.instance = self._call(provider, None)
                return provider.instance
        if provider.scope is Scope.SCOPED:
            if scope is None:
                raise ScopeRequiredError(f"{key!r} is scoped", "no scope is open", "with container.scope(): ...")
            if provider not in scope.services:
                scope.services[provider] = self._call(provider, scope)
            return scope.services[provider]
        return self._call(provider, scope)

    def _call(self, provider: _Provider, scope: ActiveScope | None) -> Any:
        if provider.takes_resolver:
            return provider.call(scope or self)
        if provider.parameters is None:
            provider.parameters = read(provider.call)
        given = {}
        for name, key, service, required in provider.parameters:
            if required or (scope is not None and key in scope.values) or self.provides(key, service):
                given[name] = scope.take(key, service) if scope is not None else self._build(key, service, None)
        made = provider.call(**given)
        return self._open(made, scope)

    def _open(self, made: Any, scope: ActiveScope | None) -> Any:
        exits = self._exits if scope is None else scope.exits
        if inspect.isgenerator(made):
            exits.append(made)
            return next(made)
        if inspect.isasyncgen(made):
            exits.append(made)
            return made.__anext__()
        return made


class ActiveScope(_Resolving):
    """One opened scope: its services, its values, and what it must close."""

    def __init__(self, container: Container, values: Mapping[Any, Any]) -> None:
        self.container = container
        self.values = dict(values)
        self.services: Any = _ById()
        self.exits: list[Any] = []
        self._closed = False
        self._token: Token[ActiveScope | None] | None = None

    def take(self, key: Any, name: str | None) -> Any:
        """Give a value of this scope, or a service."""
        if self._closed:
            raise ScopeClosedError("the scope is closed", repr(key), "resolve inside the block")
        if name is None and key in self.values:
            return self.values[key]
        return self.container._build(key, name, self)

    def _get(self, key: Any, name: str | None) -> Any:
        return self.take(key, name)

    def __enter__(self) -> Self:
        self._token = _ambient.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        for made in reversed(self.exits):
            try:
                next(made) if error is None else made.throw(error)
            except StopIteration:
                pass
            except BaseException as raised:
                if raised is not error:
                    raise

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        for made in reversed(self.exits):
            if isinstance(made, AsyncIterator):
                with suppress(StopAsyncIteration):
                    await (made.__anext__() if error is None else made.athrow(error))  # type: ignore[attr-defined]  # an async generator
            else:
                next(made, None)

    def _leave(self) -> None:
        self._closed = True
        if self._token is not None:
            _ambient.reset(self._token)


class _ById(dict[Any, Any]):
    def __contains__(self, key: object) -> bool:
        return super().__contains__(id(key))

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(id(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(id(key), value)


def current_scope() -> ActiveScope | None:
    """Give the scope that is ambient for this task, or None."""
    return _ambient.get()
