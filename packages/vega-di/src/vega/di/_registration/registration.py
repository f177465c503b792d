"""A registration: key, provider, lifetime, condition, and place in the source."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from functools import partial
from types import FrameType, FunctionType, MethodType
from typing import Any, get_origin

from .._errors import InvalidRegistrationError
from .._keys.key import address, bare, class_of, label
from .._keys.scope import Scope


class Kind(Enum):
    """How an object is made and closed."""

    CALL = "called"
    AWAIT = "awaited"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"
    CONTEXT = "context manager"
    ASYNC_CONTEXT = "async context manager"
    INSTANCE = "instance"
    VALUE = "value of the scope"
    ALIAS = "another key"


RESOURCES = frozenset({Kind.GENERATOR, Kind.ASYNC_GENERATOR, Kind.CONTEXT, Kind.ASYNC_CONTEXT})
ASYNC = frozenset({Kind.AWAIT, Kind.ASYNC_GENERATOR, Kind.ASYNC_CONTEXT})


class Registration:
    """A registration of a container."""

    __slots__ = ("call", "key", "kind", "name", "parameters", "scope", "site", "verdict", "when")

    def __init__(
        self, key: Any, call: Any, kind: Kind, scope: Scope, *, name: str | None = None, when: Any = True
    ) -> None:
        self.key: Any = key
        self.call: Any = call
        self.kind: Kind = kind
        self.scope: Scope = scope
        self.name: str | None = name
        self.when: Any = when
        self.site: tuple[str, int] = call_site()
        self.parameters: Any = None
        self.verdict: tuple[bool, str] | None = None

    @property
    def address(self) -> Any:
        """The address of the service."""
        return address(self.key, self.name)

    def describe(self) -> str:
        """Return a line with key, name, provider, lifetime and place."""
        named = "" if self.name is None else f" named {self.name!r}"
        by = "" if self.call is self.key else f" by {label(self.call)}"
        return f"{label(self.key)}{named}{by} ({self.scope.value}, {self.site_text()})"

    def site_text(self) -> str:
        """Return ``file:line``."""
        return f"{self.site[0]}:{self.site[1]}"


def needs_a_scope(registration: Registration) -> bool:
    """Return whether a service can be resolved in an open scope only; the values of a scope are not services."""
    if registration.scope is Scope.SCOPED:
        return registration.kind is not Kind.VALUE
    return registration.scope is Scope.TRANSIENT and registration.kind in RESOURCES


def unwrap_context(call: Any) -> Any:
    """Return the generator function under `contextlib.contextmanager`, since the container closes generators."""
    inner = getattr(call, "__wrapped__", None)
    if inner is not None and getattr(getattr(call, "__code__", None), "co_filename", "").endswith("contextlib.py"):
        return inner
    return call


def code_flags(call: Any) -> int:
    """Return the ``CO_*`` flags of the function behind a callable; 0 without a function."""
    while isinstance(call, partial):
        call = call.func
    if isinstance(call, MethodType):
        call = call.__func__
    if not isinstance(call, FunctionType):
        call = type(call).__call__ if callable(call) else None
    code = getattr(call, "__code__", None)
    return code.co_flags if code is not None else 0


def kind_of(key: Any, call: Callable[..., Any], *, enter: bool) -> Kind:
    """Return how the objects of `call` are made and closed.

    Raises:
        InvalidRegistrationError: `call` cannot be called.
    """
    cls: Any = get_origin(call) or call
    if isinstance(cls, type):
        return _context_kind(cls) if enter else Kind.CALL
    if not callable(call):
        raise InvalidRegistrationError(
            f"{call!r} cannot provide {label(key)}: it is neither a class nor callable",
            user_line(),
            f"container.register_instance({label(key)}, ...) registers an object that exists",
        )
    import inspect  # loaded with the first factory, not with the package

    flags = code_flags(call)
    if flags & inspect.CO_GENERATOR:
        return Kind.GENERATOR
    if flags & inspect.CO_ASYNC_GENERATOR:
        return Kind.ASYNC_GENERATOR
    if flags & inspect.CO_COROUTINE:
        return Kind.AWAIT
    cls = class_of(bare(key))
    return _context_kind(cls) if enter and cls is not None else Kind.CALL


def _context_kind(cls: type) -> Kind:
    if hasattr(cls, "__enter__") and hasattr(cls, "__exit__"):
        return Kind.CONTEXT
    if hasattr(cls, "__aenter__") and hasattr(cls, "__aexit__"):
        return Kind.ASYNC_CONTEXT
    return Kind.CALL


def call_site() -> tuple[str, int]:
    """Return file and line of the nearest caller outside Vega; the outermost caller where there is none."""
    frame = _nearest(sys._getframe(1))  # pyright: ignore[reportPrivateUsage]  # the documented way to the callers
    return frame.f_code.co_filename, frame.f_lineno


def user_line() -> str:
    """Return the nearest line outside Vega as `file:line`."""
    frame = _nearest(sys._getframe(1))  # pyright: ignore[reportPrivateUsage]  # the same
    return "the start of a task" if _is_of_vega(frame) else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _nearest(frame: FrameType) -> FrameType:
    while frame.f_back is not None and _is_of_vega(frame):
        frame = frame.f_back
    return frame


def _is_of_vega(frame: FrameType) -> bool:
    """Return whether a frame runs code of Vega, generated code included."""
    names = frame.f_globals
    package = names.get("__package__") or names.get("__name__")
    return f"{package}.".startswith("vega.") or "__vega_nodes__" in names or "__vega_call__" in names
