"""What can go wrong in vega.discovery.

DiscoveryError
├── InvalidDiscoveryConfigError   VG121  DISCOVERY_CONFIG has an unknown key or a value of a wrong type
├── SourceNotFoundError           VG122  a listed package does not exist
└── ModuleImportError             VG123  a module raised while it was imported
DiscoveryErrors                          the group of all of them
"""

from collections.abc import Sequence

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


class DiscoveryErrors(ExceptionGroup[DiscoveryError]):
    """Every module that failed in one discovery, together."""

    def derive(self, excs: Sequence[DiscoveryError], /) -> "DiscoveryErrors":  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        return DiscoveryErrors(self.message, excs)

    def __str__(self) -> str:
        listed = "\n".join(f"- {error}" for error in self.exceptions)
        return f"{self.message}\n{listed}"


DiscoveryErrors.__module__ = "vega.discovery"
