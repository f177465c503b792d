"""How others extend Vega: the contracts of plugins and generators, and the values they speak in.

Three entry-point groups use them: `vega.plugins` (a `Plugin` class; the name is the feature),
`vega.commands` (a Typer application) and `vega.generators` (a `Generator` instance; the name is the kind).
"""

from ._fields import FIELD_TYPES, FieldSpec, FieldType
from ._findings import Finding
from ._generator import GenerationRequest, Generator, GeneratorOption
from ._names import Name
from ._operations import AddDependency, AppendLine, EnableFeature, Operation, WriteFile
from ._plugin import AsgiApp, Plugin
from ._processes import Process, RunOptions
from ._project import Project
from ._templates import import_lines, name_values, render

__all__ = [
    "FIELD_TYPES",
    "AddDependency",
    "AppendLine",
    "AsgiApp",
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
    "WriteFile",
    "import_lines",
    "name_values",
    "render",
]
