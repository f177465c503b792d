"""Dependency injection that is proved at start and costs nothing at run time."""

from ._bind import bind
from ._container import ActiveScope, Container, current_scope
from ._current import get_container, set_container
from ._errors import (
    AmbiguousProviderError,
    AsyncRequiredError,
    CaptiveDependencyError,
    CircularDependencyError,
    CloseError,
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
from ._injectable import injectable
from ._markers import Inject, Named
from ._resolver import Resolver
from ._scope import Scope

__all__ = [
    "ActiveScope",
    "AmbiguousProviderError",
    "AsyncRequiredError",
    "CaptiveDependencyError",
    "CircularDependencyError",
    "CloseError",
    "Container",
    "ContainerClosedError",
    "ContainerError",
    "Inject",
    "InjectionError",
    "InvalidGeneratorError",
    "InvalidInstanceError",
    "InvalidKeyError",
    "InvalidRegistrationError",
    "MissingProviderError",
    "Named",
    "Resolver",
    "Scope",
    "ScopeClosedError",
    "ScopeRequiredError",
    "UnresolvedHintError",
    "WrongImplementationError",
    "__version__",
    "bind",
    "current_scope",
    "get_container",
    "injectable",
    "set_container",
]

__version__ = "0.1.0"
