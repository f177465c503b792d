"""Typed domain events and an in-process bus that loses nothing."""

__all__ = ["__version__"]

__version__ = "0.1.0"
