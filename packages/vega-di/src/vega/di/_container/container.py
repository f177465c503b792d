"""The container: registrations, services and scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from .._engine.epochs import Epochs
from .._keys.key import Key, address
from .._keys.scope import Scope
from .._registration.conditions import When
from .._registration.registry import Registry
from .._runtime.active_scope import ActiveScope
from .._runtime.closing import afinish, finish
from .._runtime.construction_errors import explain, is_first_request
from .overrides import Override
from .registrations import NamedOptions, Options, Registrations

if TYPE_CHECKING:
    from .._graph.view import GraphView

T = TypeVar("T")
R = TypeVar("R")


class Container:
    """Builds, shares and closes services; proves its registrations before the first use.

    Args:
        mapping: providers by key, as in `register`.
        profiles: the active profiles for ``when=profile(...)``; by default those in the variable ``VEGA_PROFILE``.
        settings: the argument of the predicates of ``when=setting(...)``.

    The container is built at the first `resolve`, `scope` or `validate`. A later registration begins a new epoch, which
    keeps unchanged singletons.

    >>> class Clock: ...
    >>> class Greeter:
    ...     def __init__(self, clock: Clock) -> None:
    ...         self.clock = clock
    >>> container = Container({Clock: Clock, Greeter: Greeter})
    >>> type(container.resolve(Greeter).clock).__name__
    'Clock'
    """

    def __init__(
        self, mapping: Mapping[Any, Any] | None = None, *, profiles: Iterable[str] | None = None, settings: Any = None
    ) -> None:
        self._registry = Registry(profiles, settings)
        self._epochs = Epochs(self, self._registry, self._use_tables)
        self._registrations = Registrations(self._registry, self._epochs)
        self._scope_class = self._epochs.scope_class  # cached, since every opened scope reads it
        self._bound: list[Any] = []
        for key, concrete in (mapping or {}).items():
            self.register(key, concrete)

    def _use_tables(self, values: dict[Any, Any], plans: dict[Any, Any], aplans: dict[Any, Any]) -> None:
        # Cached here at every change of the epoch, since every resolve reads these.
        self._values, self._plans, self._aplans = values, plans, aplans

    @property
    def settings(self) -> Any:
        """The object that the predicates of ``when=setting(...)`` receive."""
        return self._registry.settings

    @settings.setter
    def settings(self, settings: Any) -> None:
        self._registry.settings = settings
        self._epochs.invalidate()

    def register(
        self, key: Key[T] | FunctionType, concrete: Callable[..., T] | None = None, **options: Unpack[Options]
    ) -> None:
        """Register a class or factory as the provider of a key.

        Args:
            key: a class, abstract class, Protocol, ``Annotated``, ``NewType`` or generic: ``Repo[User]``; ``Repo[T]``
                and ``Repo`` stand for every closed form.
            concrete: a class or a factory; `key` itself by default. Context manager classes are entered and closed.
            options: ``scope``, the lifetime: by default the mark of ``@injectable``, else ``TRANSIENT``;
                ``name``: registers the provider beside the unnamed one, for ``Named(name)`` and
                ``resolve(key, name=name)``; ``when``: a bool, a callable without arguments or a condition, evaluated
                once while the container is built; ``replace=True`` drops earlier registrations of the same key and
                name; ``enter=False`` leaves a context manager alone, neither entered nor closed.

        Raises:
            InvalidKeyError: `key` is not a type.
            InvalidRegistrationError: `concrete` cannot be called.
        """
        self._registrations.provider(key, concrete, **options)

    def register_factory(
        self, key: Key[Any] | FunctionType, factory: Callable[..., Any], **options: Unpack[Options]
    ) -> None:
        """Register a factory as the provider of a key, with the options of `register`.

        The factory takes typed parameters, or one parameter without a type (or of type `Resolver`), which
        receives the resolver: ``lambda sp: Repo(sp.resolve(Db))``. Sync, async, generator and async generator functions
        are factories; a generator yields once, and the code after the yield closes the resource.
        """
        self._registrations.provider(key, factory, **options)

    def register_named(
        self, key: Key[T], name: str, concrete: Callable[..., T], **options: Unpack[NamedOptions]
    ) -> None:
        """Register a class or factory as the provider of a key under a name, with the options of `register`."""
        self._registrations.provider(key, concrete, name=name, **options)

    def register_instance(
        self, key: Key[T], instance: T, *, name: str | None = None, when: When = True, replace: bool = False
    ) -> None:
        """Register an object as the provider of a key; the container does not close it.

        Raises:
            InvalidRegistrationError: the object is None.
        """
        self._registrations.instance(key, instance, name=name, when=when, replace=replace)

    def alias(self, key: Any, target: Any, *, name: str | None = None, when: When = True) -> None:
        """Register `key` as another name of the key `target`: both provide the same object."""
        self._registrations.alias(key, target, name=name, when=when)

    def decorate(self, key: Any, decorator: Callable[..., Any], *, when: When = True) -> None:
        """Wrap every service of `key` in a decorator, also named services and ``All[key]``.

        A bare generic class as `key` decorates every closed form. The parameter of type `key` of the class or
        function `decorator`, or the sole untyped parameter, receives the decorated service; the rest are injected. The
        decorator lives as long as the service. The last decorator is outermost. `when` is as in `register`.
        """
        self._registrations.decoration(key, decorator, when=when)

    def expect(self, key: Any) -> None:
        """Declare a key whose value every scope receives, such as a user: ``container.scope({key: value})``."""
        self._registrations.expectation(key)

    def include(self, modules: Iterable[str]) -> int:
        """Register the marks of ``@injectable`` in imported modules; return the number of new registrations."""
        return self._registrations.include(modules)

    @overload
    def resolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: object, *, name: str | None = None) -> Any: ...
    def resolve(self, key: Any, name: str | None = None) -> Any:
        """Return the service registered for `key`; a scoped service comes from the ambient scope.

        Raises:
            ContainerError: the container has mistakes; at the first use.
            MissingProviderError: nothing provides the key.
            AmbiguousProviderError: several registrations do.
            ScopeRequiredError: the service lives in a scope and none is open.
            AsyncRequiredError: the service has to be awaited; use `aresolve`.
            ContainerClosedError: the container is closed.
            ConstructionError: a constructor or factory raised.
        """
        if name is None:
            try:
                return self._values[key] or self._plans[key]()
            except Exception:  # no `as`: a further local would cost a hit a tenth
                if not is_first_request():
                    explain(key)
                    raise
        try:
            return self._plans[address(key, name)]()
        except Exception:
            explain(key)
            raise

    @overload
    async def aresolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: object, *, name: str | None = None) -> Any: ...
    async def aresolve(self, key: Any, name: str | None = None) -> Any:
        """Return the service registered for `key`, awaiting async factories; otherwise as `resolve`."""
        try:
            return await self._aplans[key if name is None else address(key, name)]()
        except Exception:
            explain(key)
            raise

    def scope(self, values: Mapping[Any, Any] | None = None) -> ActiveScope:
        """Open a scope: ``with container.scope() as scope: ...``, or ``async with``.

        Args:
            values: injectable objects of the scope, by key: a request, a user.

        Raises:
            InvalidInstanceError: a value is None or of the wrong type.
        """
        opened: ActiveScope = self._scope_class()
        opened._store = None if values is None else self._epochs.seed(values)  # pyright: ignore[reportPrivateUsage]  # begins it
        opened._resources = None  # pyright: ignore[reportPrivateUsage]  # the same
        return opened

    def override(self, values: Mapping[Any, Any], *, local: bool = False) -> Override:
        """Let some objects provide some keys inside a block; afterwards the former objects are back. Blocks nest.

        Services built of an overridden object are built again inside the block.

        Args:
            values: objects by key, ``Annotated[Key, Named(name)]`` for a named service; keys may be unregistered.
            local: True limits the override to the calling task and child tasks.
        """
        return Override(self._epochs, values, local=local)

    def bind(
        self,
        function: Callable[..., R],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        given: Iterable[str] | None = None,
        ambient: bool = False,
    ) -> Callable[..., R]:
        """Return a callable with the injectable parameters of `function` filled from the container, for edges.

        Args:
            function: as in ``@bind``.
            name: as in ``@bind``.
            scope: as in ``@bind``.
            given: the parameters of the callers; the rest must be injectable, as checked by `validate`.
                By default every parameter without provider.
            ambient: False, the default here, hides the scope of a call from the function, for speed.
        """
        from .._binding.bind import bind_function

        wrapper: Any = bind_function(
            function, name=name, scope=scope, given=given, container_slot=self._epochs.slot, is_ambient=ambient
        )
        self._bound.append(wrapper.__vega_bound__)
        result: Callable[..., R] = wrapper
        return result

    def provides(self, key: Any, *, name: str | None = None) -> bool:
        """Return whether a key is provided; an override counts, an inactive registration does not."""
        return self._epochs.draft()[0].has(address(key, name))

    def injected(self, function: Callable[..., Any], *, given: Iterable[str] = ()) -> Mapping[str, Any]:
        """Return the injectable parameters of a function, without the names in `given`, with types."""
        from .._binding.wiring import injected

        return injected(self._epochs.draft()[0], function, frozenset(given))

    def validate(self) -> None:
        """Build the container, and check the functions of `bind`; a ContainerError holds every mistake."""
        from .._binding.wiring import validate

        validate(self._epochs, self._bound)

    def graph(self) -> GraphView:
        """Return every registration, active or not, with the reasons and the dependencies."""
        from .._graph.view import view

        return view(self._epochs.effective().graph, self._registry)

    def explain(self, key: Any, *, name: str | None = None) -> str:
        """Return in words how and why a service is built."""
        from .._graph.view import explain_node

        return explain_node(self._epochs.effective().find(address(key, name)))

    def plan_source(self, key: Any, *, name: str | None = None) -> str:
        """Return the generated Python text of the plan of a key."""
        return self._epochs.effective().source_of(address(key, name))

    def close(self) -> None:
        """Close the container and all resources of singletons, last opened first.

        Raises:
            ContainerClosedError: the container is closed already.
            AsyncRequiredError: a resource has to be awaited to be closed; use `aclose`.
        """
        finish(self._epochs.end(), None)

    async def aclose(self) -> None:
        """Close the container, awaiting async finalisers; otherwise as `close`."""
        await afinish(self._epochs.end(), None)

    def reopen(self) -> None:
        """Open a closed container for another life: same registrations, new singletons. An open one is left alone."""
        self._epochs.reopen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
