"""Dependency injection that is proved at start and costs nothing at run time."""

__all__ = ["__version__"]

__version__ = "0.1.0"
