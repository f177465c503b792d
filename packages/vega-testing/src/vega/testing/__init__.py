"""Test kits for Vega applications: fakes, overrides, clients and contracts."""

__all__ = ["__version__"]

__version__ = "0.1.0"
