"""The vega command: scaffold, add, generate, migrate, run, doctor."""

from ._dispatch import dispatch

__all__ = ["__version__", "dispatch"]

__version__ = "0.1.0"
