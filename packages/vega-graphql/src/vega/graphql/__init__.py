"""GraphQL delivery of use cases on Strawberry."""

__all__ = ["__version__"]

__version__ = "0.1.0"
