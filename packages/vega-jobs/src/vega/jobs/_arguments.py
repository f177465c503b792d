"""The arguments of a job, checked by `enqueue`, so that the caller sees the mistake."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ._errors import JobPayloadError
from ._job import definition_of

_DATA = (
    bool,
    int,
    float,
    str,
    bytes,
    list,
    dict,
    tuple,
    set,
    frozenset,
    datetime,
    date,
    time,
    timedelta,
    UUID,
    Decimal,
)


def bound_arguments(job: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a job by name.

    Parameters without a default and annotated with a data type are required; others may be left to the container of
    the worker.

    Raises:
        JobPayloadError: an argument is unknown, passed twice, or missing.
    """
    name = definition_of(job).name
    signature = inspect.signature(job)
    try:
        passed = signature.bind_partial(*args, **kwargs).arguments
    except TypeError as error:
        raise JobPayloadError(
            f"{name} cannot be called with these arguments: {error}", name, f"its parameters are {signature}"
        ) from error
    values = _flat(signature, passed)
    hints = _hints(job)
    for parameter in signature.parameters.values():
        if parameter.name not in passed and _is_data(parameter, hints):
            raise JobPayloadError(f"{name} needs {parameter.name}", name, f"its parameters are {signature}")
    return values


def _flat(signature: inspect.Signature, passed: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in passed.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            values.update(value)
        elif kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY):
            raise JobPayloadError(
                f"the parameter {name} has no name in a payload", name, "a job takes parameters by name; remove * and /"
            )
        else:
            values[name] = value
    return values


def _hints(job: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(job)
    except NameError:  # an annotation imported under TYPE_CHECKING, so the parameter is not plain data
        return {}


def _is_data(parameter: inspect.Parameter, hints: dict[str, Any]) -> bool:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return False  # may match no argument at all
    hint = hints.get(parameter.name)
    return parameter.default is parameter.empty and (typing.get_origin(hint) or hint) in _DATA
