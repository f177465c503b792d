"""Use cases, domain patterns, settings, discovery and the application of the Vega framework."""

__all__ = ["__version__"]

__version__ = "0.1.0"
