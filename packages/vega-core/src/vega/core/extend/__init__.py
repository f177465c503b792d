"""Extension points: the contracts of plugins and generators, and their values.

Vega reads three entry-point groups: `vega.plugins` (a `Plugin` class; the name is the feature),
`vega.commands` (a Typer application) and `vega.generators` (a `Generator` instance; the name is the kind).
"""

from .._application.plugin import AsgiApp, Plugin
from .._contracts.deferred_work import DeferredWork, WorkHandler
from .._contracts.findings import Finding
from .._contracts.operations import AddDependency, AppendLine, EnableFeature, Operation, WriteFile
from .._contracts.processes import Process, RunOptions
from .._contracts.project import Project
from ..facades import lazy_names
from ._fields import FIELD_TYPES, FieldSpec, FieldType
from ._generator import GenerationRequest, Generator, GeneratorOption
from ._names import Name
from ._templates import import_lines, name_values, render

TYPE_CHECKING = False
if TYPE_CHECKING:  # loads the container and the event bus
    from .._application.activation import on_activation as on_activation

__all__ = [
    "FIELD_TYPES",
    "AddDependency",
    "AppendLine",
    "AsgiApp",
    "DeferredWork",
    "EnableFeature",
    "FieldSpec",
    "FieldType",
    "Finding",
    "GenerationRequest",
    "Generator",
    "GeneratorOption",
    "Name",
    "Operation",
    "Plugin",
    "Process",
    "Project",
    "RunOptions",
    "WorkHandler",
    "WriteFile",
    "import_lines",
    "name_values",
    "on_activation",
    "render",
]

lazy_names(__name__, {"on_activation": "._application.activation"})
