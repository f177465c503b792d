"""Errors of vega.core: one root, three parts (what, where, fix), stable codes.

vega.errors.CoreError       VG100
├── ProjectError            VG101  no project here, or a malformed [tool.vega] table
├── InvalidNameError        VG102  a name that cannot become a class and a module
├── InvalidFieldError       VG103  a malformed field, such as `price:decimal:min=x`
├── PluginError             VG104  a plugin that cannot be loaded, ordered or started
├── ComponentError          VG105  a discovered component that the application cannot use
├── StoreError              VG106  a store was given a wrong key, value or time
│   └── StoreUnavailableError  VG107  a store cannot be reached in time
├── TelemetryError          VG108  a metric whose name or labels conflict with another metric
├── ApplicationStateError   VG109  a start of a running application
└── StopTimeoutError        VG113  a part of an application did not stop in time
ConfigurationErrors                the group of all mistakes found at a start
"""

from collections.abc import Sequence

from vega.errors import CoreError, ErrorKind


class ProjectError(CoreError):
    """The folder and its parents have no Vega project, or its `[tool.vega]` table is malformed."""

    code = "VG101"
    kind = ErrorKind.INVALID


class InvalidNameError(CoreError):
    """A name cannot become both a class and a module."""

    code = "VG102"
    kind = ErrorKind.INVALID


class InvalidFieldError(CoreError):
    """A field of `vega generate` cannot be read."""

    code = "VG103"
    kind = ErrorKind.INVALID


class PluginError(CoreError):
    """A plugin cannot be loaded, ordered, configured or started."""

    code = "VG104"


class ComponentError(CoreError):
    """The application cannot use a discovered component."""

    code = "VG105"


class StoreError(CoreError):
    """A store received a wrong key, value or time, or an increment of a value that is not a number."""

    code = "VG106"


class StoreUnavailableError(StoreError):
    """A store cannot be reached in time."""

    code = "VG107"
    kind = ErrorKind.UNAVAILABLE


class TelemetryError(CoreError):
    """The name or labels of a metric conflict with another metric, or the client is missing."""

    code = "VG108"


class ApplicationStateError(CoreError):
    """An application was started while running."""

    code = "VG109"


class StopTimeoutError(CoreError):
    """A part of an application did not stop in time."""

    code = "VG113"
    kind = ErrorKind.TIMEOUT


class ConfigurationErrors(ExceptionGroup[Exception]):
    """All mistakes found at a start of an application."""

    def derive(self, excs: Sequence[Exception], /) -> "ConfigurationErrors":  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        return ConfigurationErrors(self.message, excs)

    def __str__(self) -> str:
        listed = "\n".join(f"- {error}" for error in self.exceptions)
        return f"{self.message}\n{listed}"


ConfigurationErrors.__module__ = "vega.core"
