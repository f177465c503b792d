"""What can go wrong in vega.core: one root, three parts (what, where, fix), a stable code.

vega.errors.CoreError       VG100
├── ProjectError            VG101  no project here, or its [tool.vega] is wrong
├── InvalidNameError        VG102  a name that cannot become a class and a module
├── InvalidFieldError       VG103  a field such as `price:decimal:min=0` that cannot be read
├── PluginError             VG104  a plugin that cannot be loaded, ordered or started
├── ComponentError          VG105  a component that discovery found and the application cannot use
├── StoreError              VG106  a store was given a wrong key, value or time
│   └── StoreUnavailableError  VG107  a store cannot be reached in time
├── TelemetryError          VG108  a metric under a name or with labels that are another's
├── ApplicationStateError   VG109  an application is started while it runs, or after it was stopped
└── StopTimeoutError        VG113  a part of an application did not stop in time
ConfigurationErrors                the group of all mistakes found at one start
"""

from collections.abc import Sequence

from vega.errors import CoreError, ErrorKind


class ProjectError(CoreError):
    """There is no Vega project here, or its `[tool.vega]` table is wrong."""

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
    """Discovery found a component that the application cannot use."""

    code = "VG105"


class StoreError(CoreError):
    """A store was given a wrong key, value or time, or counts where there is no number."""

    code = "VG106"


class StoreUnavailableError(StoreError):
    """A store cannot be reached in time."""

    code = "VG107"
    kind = ErrorKind.UNAVAILABLE


class TelemetryError(CoreError):
    """A metric's name or labels are another's, or there is nothing to measure with."""

    code = "VG108"


class ApplicationStateError(CoreError):
    """An application is started while it runs, or after it was stopped."""

    code = "VG109"


class StopTimeoutError(CoreError):
    """A part of an application did not stop in time."""

    code = "VG113"
    kind = ErrorKind.TIMEOUT


class ConfigurationErrors(ExceptionGroup[Exception]):
    """Every mistake found at one start of an application, together."""

    def derive(self, excs: Sequence[Exception], /) -> "ConfigurationErrors":  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        return ConfigurationErrors(self.message, excs)

    def __str__(self) -> str:
        listed = "\n".join(f"- {error}" for error in self.exceptions)
        return f"{self.message}\n{listed}"


ConfigurationErrors.__module__ = "vega.core"
