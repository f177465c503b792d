"""The application: where settings, container, event bus and plugins come together."""

from .facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vega.errors import CoreError as CoreError
    from vega.errors import ErrorKind as ErrorKind
    from vega.patterns import Clock as Clock
    from vega.patterns import IdSource as IdSource

    from ._application.application import Application as Application
    from ._errors import ApplicationStateError as ApplicationStateError
    from ._errors import ComponentError as ComponentError
    from ._errors import ConfigurationErrors as ConfigurationErrors
    from ._errors import InvalidFieldError as InvalidFieldError
    from ._errors import InvalidNameError as InvalidNameError
    from ._errors import PluginError as PluginError
    from ._errors import ProjectError as ProjectError
    from ._errors import StopTimeoutError as StopTimeoutError
    from ._errors import StoreError as StoreError
    from ._errors import StoreUnavailableError as StoreUnavailableError
    from ._errors import TelemetryError as TelemetryError
    from ._memory_store import MemoryStore as MemoryStore
    from ._store import Store as Store

__all__ = [
    "Application",
    "ApplicationStateError",
    "Clock",
    "ComponentError",
    "ConfigurationErrors",
    "CoreError",
    "ErrorKind",
    "IdSource",
    "InvalidFieldError",
    "InvalidNameError",
    "MemoryStore",
    "PluginError",
    "ProjectError",
    "StopTimeoutError",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "TelemetryError",
    "__version__",
]

__version__ = "0.1.0"

_WHERE = {
    "Application": "_application.application",
    "ApplicationStateError": "_errors",
    "Clock": ".patterns",
    "ComponentError": "_errors",
    "ConfigurationErrors": "_errors",
    "CoreError": ".errors",
    "ErrorKind": ".errors",
    "IdSource": ".patterns",
    "InvalidFieldError": "_errors",
    "InvalidNameError": "_errors",
    "MemoryStore": "_memory_store",
    "PluginError": "_errors",
    "ProjectError": "_errors",
    "StopTimeoutError": "_errors",
    "Store": "_store",
    "StoreError": "_errors",
    "StoreUnavailableError": "_errors",
    "TelemetryError": "_errors",
}

lazy_names(__name__, _WHERE)
