"""Configurable discovery of a project's components, through the import system."""

from ._config import DiscoveryConfig
from ._discover import discover
from ._errors import (
    DiscoveryError,
    InvalidDiscoveryConfigError,
    ModuleImportError,
    SourceNotFoundError,
)
from ._found import DiscoveryErrors, Found

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
