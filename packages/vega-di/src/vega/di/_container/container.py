"""The container: what provides what, and the scopes it opens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from .._errors import ContainerError
from .._keys.key import address
from .._keys.scope import Scope
from .._runtime.active_scope import ActiveScope
from .._runtime.construction_errors import explain
from .overrides import Override
from .registrations import Declarations

if TYPE_CHECKING:
    from types import TracebackType

    from .._binding.bound_function import Bound
    from .._graph.view import GraphView

T = TypeVar("T")
R = TypeVar("R")


class Container(Declarations):
    """Knows what provides each key; proves it before the first use; builds it, shares it, and closes it.

    Args:
        mapping: keys and what provides them, as in `register`.
        profiles: the active profiles for ``when=profile(...)``; those of the environment variable ``VEGA_PROFILE``
            when left out.
        settings: the object that ``when=setting(...)`` looks at.

    The container is built at the first `resolve`, `scope` or `validate`; registering more afterwards
    begins a new epoch, in which what has been built and has not changed is kept.

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
        super().__init__(profiles, settings)
        for key, concrete in (mapping or {}).items():
            self.register(key, concrete)

    # Requests of the user.

    @overload
    def resolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: object, *, name: str | None = None) -> Any: ...
    def resolve(self, key: Any, name: str | None = None) -> Any:
        """Give the service that is registered for `key`; what lives in a scope comes from the ambient one.

        Raises:
            ContainerError: the container has mistakes; at the first use.
            MissingProviderError: nothing provides it.
            AmbiguousProviderError: several registrations do.
            ScopeRequiredError: it lives in a scope and none is open.
            AsyncRequiredError: it has to be awaited; use `aresolve`.
            ContainerClosedError: the container is closed.
            ConstructionError: a constructor or factory raised.
        """
        if name is None:
            try:
                return self.values[key] or self.plans[key]()
            except Exception:  # no `as`: a local more would cost the hit path a tenth
                if self._is_explained(key):
                    raise
        return self._resolve_first(key, name)

    def _is_explained(self, key: Any) -> bool:
        """Explain the error that is being handled, unless it only says that a key is asked for the first time.

        That one comes from `resolve` itself. (Whether the key is known by now says nothing: another thread may have
        been first in between.)
        """
        error = sys.exc_info()[1]
        assert isinstance(error, Exception)  # called from an except clause
        trace = error.__traceback__
        if isinstance(error, KeyError) and trace is not None and trace.tb_next is None:
            return False
        explain(error, key)
        return True

    def _resolve_first(self, key: Any, name: str | None) -> Any:
        try:
            return self.plans[address(key, name)]()
        except Exception as error:
            explain(error, key)
            raise

    @overload
    async def aresolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: object, *, name: str | None = None) -> Any: ...
    async def aresolve(self, key: Any, name: str | None = None) -> Any:
        """Give the service that is registered for `key`, awaiting what has to be awaited; otherwise as `resolve`."""
        try:
            return await self.aplans[key if name is None else address(key, name)]()
        except Exception as error:
            explain(error, key)
            raise

    def resolve_address(self, where: Any, /) -> Any:
        """Give the service at an address of the tables."""
        try:
            return self.plans[where]()
        except Exception as error:
            explain(error)
            raise

    async def aresolve_address(self, where: Any, /) -> Any:
        """Give the service at an address of the tables, awaiting where needed."""
        try:
            return await self.aplans[where]()
        except Exception as error:
            explain(error)
            raise

    def scope(self, values: Mapping[Any, Any] | None = None) -> ActiveScope:
        """Open a scope: ``with container.scope() as scope: ...``, or ``async with``.

        Args:
            values: objects that are injectable in this scope, by key: a request, a user.

        Raises:
            ContainerError: the container has mistakes; at the first use.
            InvalidInstanceError: a value is None or of the wrong type.
        """
        opened = self.scope_class()
        opened._store = None if values is None else self.seed(values)  # pyright: ignore[reportPrivateUsage]  # begins it
        opened._resources = None  # pyright: ignore[reportPrivateUsage]  # the same
        return opened

    def override(self, values: Mapping[Any, Any], *, local: bool = False) -> Override:
        """Let these objects provide these keys inside the block, also for what has been built already.

        Services made of an overridden one are made again inside the block; after it the very same old
        objects are back. Blocks nest, and end whatever happens.

        Args:
            values: objects by key, ``Annotated[Key, Named(name)]`` for a named one; keys may be unregistered.
            local: True limits the override to the calling task and its children.
        """
        return Override(self, values, local=local)

    def bind(
        self,
        function: Callable[..., R],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        given: Iterable[str] | None = None,
        ambient: bool = False,
    ) -> Callable[..., R]:
        """Give a callable that fills the injectable parameters of `function` from this container, for edges.

        The signature is read here, the plan is written at the first call. A call joins the ambient scope of this
        container; where there is none it opens one for the call, if a parameter needs it.

        Args:
            function: a function, coroutine function, generator or async generator.
            name: as in ``@bind``.
            scope: as in ``@bind``.
            given: the parameters that callers give; all others have to be injectable, which `validate` checks.
                When left out, whatever is not injectable is the caller's.
            ambient: True makes a scope that the call opens ambient for what the function calls;
                False keeps it to the call, which is faster.
        """
        from .._binding.bind import bind_function

        names = None if given is None else frozenset(given)
        wrapper: Any = bind_function(
            function, name=name, scope=scope, given=names, container_slot=self.container_slot, is_ambient=ambient
        )
        bound: Bound = wrapper.__vega_bound__
        self.entry_points.append(bound)
        result: Callable[..., R] = wrapper
        return result

    def provides(self, key: Any, *, name: str | None = None) -> bool:
        """Say whether `resolve` would find something; an override counts, an inactive registration does not.

        Raises:
            ContainerError: the container has mistakes; at the first use.
        """
        return self.effective().has(address(key, name))

    def injected(self, function: Callable[..., Any], *, given: Iterable[str] = ()) -> Mapping[str, Any]:
        """Return the parameters of `function` that this container would fill, with the type of each.

        Args:
            function: as in `bind`.
            given: parameters that callers give.
        """
        from .._binding.wiring import injected

        return injected(self.effective(), function, frozenset(given))

    def validate(self) -> None:
        """Build the container, and check what was bound with `bind`.

        Raises:
            ContainerError: every mistake, each with path, place and remedy.
        """
        from .._binding.wiring import check_bound

        engine = self.effective()
        found = [error for bound in self.entry_points if (error := check_bound(engine, bound)) is not None]
        if found:
            raise ContainerError(f"{len(found)} mistakes in bound functions", found)

    def graph(self) -> GraphView:
        """Give every registration, active or not, with the reasons, and who needs whom."""
        from .._graph.view import view

        return view(self.effective().graph, self.registry)

    def explain(self, key: Any, *, name: str | None = None) -> str:
        """Return in words how a service is built, and why so."""
        from .._graph.view import explain_node

        return explain_node(self.effective().find(address(key, name)))

    def plan_source(self, key: Any, *, name: str | None = None) -> str:
        """Give the Python text that was generated to resolve a key; it is written now if it has not been."""
        return self.effective().source_of(address(key, name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
