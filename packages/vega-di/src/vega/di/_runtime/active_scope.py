"""Open scopes: services by slot, resources, and the ambient scope of a task.

The store of a scope has three states: None (opened, nothing built), a dict (see `build_once`), and `CLOSED`, which
refuses every access. The end of the ``with`` block restores the outer ambient scope, sets `CLOSED`, and closes the
resources; a resource opened meanwhile finds `CLOSED` and is closed at once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from types import AsyncGeneratorType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from .._keys.key import address
from .._keys.resolver import Resolver
from .closing import afinish, finish, yielded_twice
from .construction_errors import explain
from .owners import CLOSED, Owner

ambient: ContextVar[ActiveScope | None] = ContextVar("vega_di_scope", default=None)
_SET = ambient.set
_RESET = ambient.reset
_END = object()  # the value of an ended generator


class ActiveScope(Owner, Resolver):
    """A scope, opened by ``container.scope()``: scoped services live until the end of the ``with`` block.

    An entered scope is the ambient scope of the task; child tasks inherit the ambient scope.

    Attributes:
        origin: a function that returns the purpose of the scope in words, such as a request. Set by an edge, for the
            error of a use after the end.
    """

    __slots__ = ("__weakref__", "_token", "origin")
    if not TYPE_CHECKING:
        __init__ = object.__init__  # that of a Protocol costs every opened scope a call
    _container: ClassVar[Any]  # set in the subclass of a container

    if TYPE_CHECKING:
        _resources: list[Any] | None
        _token: Token[ActiveScope | None]
        origin: Callable[[], str]

    def __enter__(self) -> Self:
        self._token = _SET(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _RESET(self._token)
        except ValueError:
            leave(self)
        self._store = CLOSED
        resources = self._resources
        if resources is not None:
            finish(resources, error)

    async def __aenter__(self) -> Self:
        self._token = _SET(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _RESET(self._token)
        except ValueError:
            leave(self)
        self._store = CLOSED
        resources = self._resources
        if resources is None:
            return
        if error is None and len(resources) == 1 and (only := resources[0]).__class__ is AsyncGeneratorType:
            # the usual case in place, since a further coroutine costs as much as a constructor
            if await anext(only, _END) is not _END:
                await only.aclose()
                raise yielded_twice(only)
            return
        await afinish(resources, error)

    def __repr__(self) -> str:
        return f"<scope of {self._container!r}, {'closed' if self._store is CLOSED else 'open'}>"


def make_scope_class(container: object) -> tuple[type[ActiveScope], Callable[[Any, Any], None]]:
    """Return the class of the scopes of a container, and a function for new plans.

    The plans are variables of the methods, not attributes: reading them costs next to nothing,
    and every open scope follows a replacement.
    """
    plans: Any = {}
    aplans: Any = {}

    class OpenScope(ActiveScope):
        __slots__ = ()
        _container = container

        # `name` is keyword-only for users; a plain parameter costs less.
        def resolve(  # pyright: ignore[reportIncompatibleMethodOverride]  # the overloads of the base hold
            self, key: Any, name: str | None = None
        ) -> Any:
            try:
                return plans[key if name is None else address(key, name)](self)
            except Exception:
                explain(key)
                raise

        def aresolve(  # pyright: ignore[reportIncompatibleMethodOverride]  # the same
            self, key: Any, name: str | None = None
        ) -> Any:
            try:
                return aplans[key if name is None else address(key, name)](self)
            except Exception:
                explain(key)
                raise

    def switch(new_plans: Any, new_aplans: Any) -> None:
        nonlocal plans, aplans
        plans, aplans = new_plans, new_aplans

    OpenScope.__name__ = OpenScope.__qualname__ = "ActiveScope"
    return OpenScope, switch


def ambient_of(container: object) -> ActiveScope | None:
    """Return the innermost ambient scope of a container."""
    scope = ambient.get()
    while scope is not None and scope._container is not container:  # pyright: ignore[reportPrivateUsage]  # the same module
        scope = outer(scope)
    return scope


def current_scope() -> ActiveScope | None:
    """Return the ambient scope of the calling task, or None."""
    return ambient.get()


def outer(scope: ActiveScope) -> ActiveScope | None:
    """Return the ambient scope before the entry of a scope."""
    before = scope._token.old_value  # pyright: ignore[reportPrivateUsage]  # the same module
    return None if before is Token.MISSING else before


def leave(scope: ActiveScope) -> None:
    """Restore the ambient scope before a scope that is left in another context than entered, as async fixtures do."""
    if ambient.get() is scope:
        ambient.set(outer(scope))
