"""Background jobs on arq and Redis, with an embedded server to start with."""

__all__ = ["__version__"]

__version__ = "0.1.0"
