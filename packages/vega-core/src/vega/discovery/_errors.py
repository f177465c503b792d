"""What can go wrong in vega.discovery.

DiscoveryError
├── InvalidDiscoveryConfigError   VG121  DISCOVERY_CONFIG has an unknown key or a value of a wrong type
├── SourceNotFoundError           VG122  a listed package does not exist
└── ModuleImportError             VG123  a module raised while it was imported
DiscoveryErrors                          the group of all of them, with what was found beside them
"""

from vega.errors import CoreError


class DiscoveryError(CoreError):
    """The root of the errors of vega.discovery."""

    code = "VG120"


class InvalidDiscoveryConfigError(DiscoveryError):
    """DISCOVERY_CONFIG has an unknown key or a value of a wrong type."""

    code = "VG121"


class SourceNotFoundError(DiscoveryError):
    """A package that DISCOVERY_CONFIG lists does not exist."""

    code = "VG122"


class ModuleImportError(DiscoveryError):
    """A discovered module raised while it was imported."""

    code = "VG123"
