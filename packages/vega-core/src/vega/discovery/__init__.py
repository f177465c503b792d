"""Configurable discovery: the modules that hold a project's components, found through the import system."""

from ._config import DiscoveryConfig
from ._discover import Found, discover
from ._errors import (
    DiscoveryError,
    DiscoveryErrors,
    InvalidDiscoveryConfigError,
    ModuleImportError,
    SourceNotFoundError,
)

__all__ = [
    "DiscoveryConfig",
    "DiscoveryError",
    "DiscoveryErrors",
    "Found",
    "InvalidDiscoveryConfigError",
    "ModuleImportError",
    "SourceNotFoundError",
    "discover",
]
