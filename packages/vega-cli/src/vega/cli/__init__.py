"""The vega command: scaffold, add, generate, migrate, run, doctor."""

__all__ = ["__version__"]

__version__ = "0.1.0"
