"""Scopes: how long a service lives."""

from enum import Enum


class Scope(Enum):
    """How long a service lives, and which callers share the object.

    ``SINGLETON``: one object per container, closed with the container.
    ``SCOPED``: one object per opened scope (a request, a job attempt), closed with the scope.
    ``TRANSIENT``: a new object for each parameter and each resolve.
    """

    SINGLETON = "singleton"
    SCOPED = "scoped"
    TRANSIENT = "transient"
