"""Errors of vega.discovery.

DiscoveryError
├── InvalidDiscoveryConfigError   VG121  DISCOVERY_CONFIG has an unknown key or a value of a wrong type
├── SourceNotFoundError           VG122  a listed package does not exist
└── ModuleImportError             VG123  a module raised at import
DiscoveryErrors                          the group of all failures, with the modules that were imported
"""

from vega.errors import CoreError


class DiscoveryError(CoreError):
    """The root of the errors of vega.discovery."""

    code = "VG120"


class InvalidDiscoveryConfigError(DiscoveryError):
    """DISCOVERY_CONFIG has an unknown key or a value of a wrong type."""

    code = "VG121"


class SourceNotFoundError(DiscoveryError):
    """A package listed in DISCOVERY_CONFIG does not exist."""

    code = "VG122"


class ModuleImportError(DiscoveryError):
    """A discovered module raised at import."""

    code = "VG123"
