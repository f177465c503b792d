"""Strict types for requests: values are accepted only as their JSON schema documents.

Pydantic reads `"1"` and `true` as the int 1, `true` as the float 1.0, and 12 or `"12"` as a time in 1970; JSON allows
numbers and strings that no store can hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, cast, get_args, get_origin

from pydantic import AllowInfNan, BeforeValidator, Field, Strict
from pydantic_core import PydanticCustomError

from .decimals import DocumentedDecimal, check_of

LEAST_INT: Final = -(2**63)
INT_END: Final = 2**63  # exclusive: bounds in OpenAPI are floats, and this value is exact as a float
NO_NUL: Final = r"^[^\x00]*$"
_NUMBER: Final = re.compile(r"\s*+[+-]?+[\d_]*+(?:\.[\d_]*+)?+\s*+")  # possessive: linear time
_COLLECTIONS: Final[tuple[Any, ...]] = (list, dict, set, frozenset, tuple)
Metadata: TypeAlias = Sequence[Any]
Refine: TypeAlias = Callable[[Any, Metadata], tuple[Any, ...]]


def no_number(value: Any) -> Any:
    """Refuse numbers, and strings of numbers, for dates and times."""
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise PydanticCustomError("temporal_type", "Input should be a date or time as text, in the form of ISO 8601")
    return value


def no_text(value: Any) -> Any:
    """Refuse true, false and strings for an int; 5.0 is an int in JSON."""
    if isinstance(value, str | bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


def true_or_false(value: Any) -> Any:
    """Refuse other words for a bool."""
    if isinstance(value, str) and value not in {"true", "false"}:
        raise PydanticCustomError("bool_parsing", "Input should be true or false")
    return value


_TEMPORAL: Final = (datetime, date, time, timedelta)


def json_check(hint: Any, metadata: Metadata = ()) -> Callable[[Any], Any] | None:
    """Return a function that checks a value of a JSON body before parsing, or None."""
    kind = _without_none(hint)
    if kind is Decimal:
        return check_of([*_own(hint), *metadata])
    return no_text if kind is int else no_number if kind in _TEMPORAL else None


def text_checks(hint: Any, metadata: Metadata = ()) -> tuple[Any, ...]:
    """Return metadata that checks a value of a path or query; must follow the bounds of the field."""
    is_decimal = _without_none(hint) is Decimal
    return (BeforeValidator(check_of([*_own(hint), *metadata])),) if is_decimal else ()


def json_typed(hint: Any, metadata: Metadata = ()) -> Any:
    """Return a strict type for values of a JSON body, including scalars in unions, lists and dicts.

    Args:
        hint: the declared type.
        metadata: the metadata of the field; takes precedence.
    """
    return _typed(hint, metadata, _json)


def text_typed(hint: Any, metadata: Metadata = ()) -> Any:
    """Return a strict type for values of a path or query; otherwise like `json_typed`."""
    return _typed(hint, metadata, _text)


def _json(kind: Any, metadata: Metadata) -> tuple[Any, ...]:
    if kind is bool:
        return (Strict(),)
    if kind is float:
        return (Strict(), AllowInfNan(allow_inf_nan=False))
    return _either(kind, metadata)


def _json_inside(kind: Any, metadata: Metadata) -> tuple[Any, ...]:
    check = json_check(kind, metadata)
    return (*_json(kind, metadata), *((BeforeValidator(check),) if check is not None else ()))


def _text(kind: Any, metadata: Metadata) -> tuple[Any, ...]:
    if kind is bool:
        return (BeforeValidator(true_or_false),)
    if kind is float:
        return (AllowInfNan(allow_inf_nan=False),)
    if kind in _TEMPORAL and not _says(metadata, "ge", "gt", "le", "lt"):
        return (BeforeValidator(no_number),)
    if kind is Decimal:
        return (DocumentedDecimal(metadata, only_text=True),)
    return _either(kind, metadata)


def _text_inside(kind: Any, metadata: Metadata) -> tuple[Any, ...]:
    return (*_text(kind, metadata), *text_checks(kind, metadata))


def _either(kind: Any, metadata: Metadata) -> tuple[Any, ...]:
    if kind is int:
        least = () if _says(metadata, "ge", "gt") else (Field(ge=LEAST_INT),)
        return least if _says(metadata, "le", "lt") else (*least, Field(lt=INT_END))
    if kind is str:
        return () if _says(metadata, "pattern") else (Field(pattern=NO_NUL),)
    return (DocumentedDecimal(metadata, only_text=False),) if kind is Decimal else ()


def _typed(hint: Any, metadata: Metadata, refine: Refine) -> Any:
    origin: Any = get_origin(hint)
    arguments: tuple[Any, ...] = get_args(hint)
    if any(isinstance(mark, Strict) for mark in metadata):
        return hint
    if origin is None:
        return _annotated(hint, refine(hint, metadata))
    if origin is Annotated:
        inner, *own = arguments
        if get_origin(inner) is None:
            return _annotated(inner, [*own, *refine(inner, [*own, *metadata])])
        return _annotated(_typed(inner, [*own, *metadata], refine), own)
    if origin in {Union, UnionType}:
        return cast("Any", Union)[tuple(_typed(argument, metadata, refine) for argument in arguments)]
    if origin in _COLLECTIONS:
        inside = _json_inside if refine is _json else _text_inside
        return origin[tuple(_typed(argument, (), inside) for argument in arguments)]
    return hint


def _annotated(hint: Any, metadata: Metadata) -> Any:
    return cast("Any", Annotated)[(hint, *metadata)] if metadata else hint  # built at run time


def _says(metadata: Metadata, *words: str) -> bool:
    return any(getattr(mark, word, None) is not None for mark in metadata for word in words)


def _own(hint: Any) -> Metadata:
    """Return the metadata of a type, also inside of a union with None."""
    collected: list[Any] = []
    while True:
        if get_origin(hint) is Annotated:
            hint, *metadata = get_args(hint)
            collected += metadata
        elif get_origin(hint) in {Union, UnionType}:
            some = [argument for argument in get_args(hint) if argument is not type(None)]
            if len(some) != 1:
                return collected
            hint = some[0]
        else:
            return collected


def _without_none(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        return _without_none(get_args(hint)[0])
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    some = [argument for argument in get_args(hint) if argument is not type(None)]
    return _without_none(some[0]) if len(some) == 1 else hint
