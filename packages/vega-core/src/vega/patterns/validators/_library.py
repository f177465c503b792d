"""Import of the libraries of the extra `validators`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .._errors import ValidatorError


def library(name: str, rule: object) -> Any:
    """Import a library for a rule.

    Raises:
        ValidatorError: the library is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ValidatorError(
            f"{type(rule).__name__} needs {name}, which is not installed",
            type(rule).__name__,
            "install vega-core[validators]",
        ) from error
