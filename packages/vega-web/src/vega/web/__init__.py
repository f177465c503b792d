"""HTTP and WebSocket delivery of use cases on FastAPI."""

__all__ = ["__version__"]

__version__ = "0.1.0"
