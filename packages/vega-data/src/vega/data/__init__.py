"""Repositories, specifications and queries with one answer in memory and in SQL."""

__all__ = ["__version__"]

__version__ = "0.1.0"
