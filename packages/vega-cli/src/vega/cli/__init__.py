"""The vega command: scaffold, add, generate, migrate, run, doctor."""

from ._dispatch import dispatch
from ._errors import CliError, ConflictError, InstallError, RunError, UsageError, WriteError

__all__ = [
    "CliError",
    "ConflictError",
    "InstallError",
    "RunError",
    "UsageError",
    "WriteError",
    "__version__",
    "dispatch",
]

__version__ = "0.1.0"
