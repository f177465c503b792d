"""JSON without NaN and Infinity (RFC 8259, section 6): one rule for all that is received and sent."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NoReturn, TypeAlias, cast

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_json, to_jsonable_python

from .._errors import NotFiniteError

Place: TypeAlias = tuple[str | int, ...]
MESSAGE: Final = "Input should be a finite number"
_HOLDERS: Final = frozenset({"float", "any", "is-instance", "callable", "json"})  # of core schemas
_COLLECTIONS: Final = frozenset({"list", "set", "frozenset", "tuple", "generator", "dict"})


def write_json(value: Any) -> bytes:
    """Return a value as JSON.

    Raises:
        NotFiniteError: it holds NaN or Infinity.
        PydanticSerializationError: it cannot become JSON.
    """
    content = to_json(value)
    check_written(content, lambda: value)
    return content


def check_written(content: bytes, value: Callable[[], Any]) -> None:
    """Raise NotFiniteError if a value has numbers that JSON does not have.

    Args:
        content: what pydantic wrote: it stands `null` for such a number in a model, `NaN` or `Infinity` elsewhere.
        value: returns the value, where the content gives reason to look.
    """
    if b"null" in content or b"NaN" in content or b"Infinity" in content:
        place = next(places(value()), None)
        if place is not None:
            raise NotFiniteError.at(place)


def read_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        RequestValidationError: it holds NaN, Infinity, a number beyond the range of a float, or one of more digits
            than Python reads; says where.
        ValueError: it is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError:  # that of _refuse, or of int()
        found = [("body", *place) for place in places(json.loads(text, parse_int=_int))]
    entries = [{"type": "finite_number", "loc": place, "msg": MESSAGE, "input": None} for place in found]
    raise RequestValidationError(entries) from None


class _RefusedError(ValueError):
    """A number that JSON does not have."""


def _int(text: str) -> float:
    """Return a number to be refused for an int that Python does not read."""
    try:
        return int(text)
    except ValueError:
        return math.inf


def _refuse(_: str) -> NoReturn:
    raise _RefusedError


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


read_finite: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite).decode  # as above; says no place


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the places of numbers that are NaN or infinite, in anything that becomes JSON."""
    if isinstance(value, float):
        if not math.isfinite(value):
            yield place
    elif isinstance(value, str | bytes | int | None):
        return
    elif isinstance(value, BaseModel):
        yield from places(value.model_dump(), place)
    elif hasattr(value, "items"):  # a mapping
        for key, item in value.items():
            yield from places(item, (*place, str(key)))
    elif isinstance(value, Sequence | AbstractSet):
        for index, item in enumerate(cast("Sequence[Any]", value)):
            yield from places(item, (*place, index))
    else:
        plain = to_jsonable_python(value, inf_nan_mode="constants")
        if type(plain) is not type(value):
            yield from places(plain, place)


def may_hold_numbers(schema: Any) -> bool:
    """Return whether values of a pydantic core schema may hold numbers of floating point, as far as it says."""
    if isinstance(schema, Mapping):
        known = cast("Mapping[str, Any]", schema)
        kind = known.get("type")
        if not isinstance(kind, str):
            kind = ""  # the schema of a field called `type`, or a mapping of schemas
        if kind in _HOLDERS or kind.startswith("function"):
            return True
        if kind in _COLLECTIONS and not any(key.endswith("_schema") for key in known):
            return True
        return known.get("extra_behavior") == "allow" or any(may_hold_numbers(part) for part in known.values())
    if isinstance(schema, list | tuple):
        return any(may_hold_numbers(part) for part in cast("list[Any]", schema))
    return False
