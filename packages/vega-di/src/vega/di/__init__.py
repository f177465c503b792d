"""Dependency injection that is proved at start and costs nothing at run time."""

from typing import TYPE_CHECKING, Any

from ._binding.bind import bind
from ._container.container import Container
from ._container.current import get_container, set_container, use_container
from ._errors import (
    AmbiguousProviderError,
    AsyncRequiredError,
    CaptiveDependencyError,
    CircularDependencyError,
    CloseError,
    ConstructionError,
    ContainerClosedError,
    ContainerError,
    InjectionError,
    InvalidGeneratorError,
    InvalidInstanceError,
    InvalidKeyError,
    InvalidRegistrationError,
    MissingProviderError,
    ScopeClosedError,
    ScopeRequiredError,
    UnresolvedHintError,
    WrongImplementationError,
)
from ._keys.markers import All, Inject, Lazy, Named, Provider
from ._keys.resolver import Resolver
from ._keys.scope import Scope
from ._registration.conditions import Condition, env, installed, missing, profile, setting
from ._registration.injectable import injectable
from ._runtime.active_scope import ActiveScope, current_scope

if TYPE_CHECKING:
    from ._graph.view import GraphView, ServiceView

__all__ = [
    "ActiveScope",
    "All",
    "AmbiguousProviderError",
    "AsyncRequiredError",
    "CaptiveDependencyError",
    "CircularDependencyError",
    "CloseError",
    "Condition",
    "ConstructionError",
    "Container",
    "ContainerClosedError",
    "ContainerError",
    "GraphView",
    "Inject",
    "InjectionError",
    "InvalidGeneratorError",
    "InvalidInstanceError",
    "InvalidKeyError",
    "InvalidRegistrationError",
    "Lazy",
    "MissingProviderError",
    "Named",
    "Provider",
    "Resolver",
    "Scope",
    "ScopeClosedError",
    "ScopeRequiredError",
    "ServiceView",
    "UnresolvedHintError",
    "WrongImplementationError",
    "__version__",
    "bind",
    "current_scope",
    "env",
    "get_container",
    "injectable",
    "installed",
    "missing",
    "profile",
    "set_container",
    "setting",
    "use_container",
]

__version__ = "0.1.0"

_LAZY = {"GraphView": "_graph.view", "ServiceView": "_graph.view"}


def __getattr__(name: str) -> Any:  # vega.di depends on nothing, so it cannot use the `lazy_names` of vega.core
    """Load the names that only a look at the graph needs, each once."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY} - {"TYPE_CHECKING", "Any"})
