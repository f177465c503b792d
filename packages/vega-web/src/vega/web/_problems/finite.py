"""JSON without NaN and Infinity (RFC 8259, section 6), for all JSON received and sent."""

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
        NotFiniteError: the value contains NaN or Infinity.
        PydanticSerializationError: the value cannot be serialised.
    """
    content = to_json(value)
    check_written(content, lambda: value)
    return content


def check_written(content: bytes, value: Callable[[], Any]) -> None:
    """Raise NotFiniteError if a value contains NaN or Infinity.

    Args:
        content: the output of pydantic, which writes such a number as `null` in a model, as `NaN` or `Infinity`
            elsewhere.
        value: returns the value; called only if the content is suspicious.
    """
    if b"null" in content or b"NaN" in content or b"Infinity" in content:
        place = next(places(value()), None)
        if place is not None:
            raise NotFiniteError.at(place)


def read_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        RequestValidationError: the text contains NaN, Infinity, a number beyond the range of a float, or an integer
            with more digits than Python parses; the error names the place.
        ValueError: the text is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError:  # from _refuse, or from int()
        found_places = [("body", *place) for place in places(json.loads(text, parse_int=_int))]
    entries = [{"type": "finite_number", "loc": place, "msg": MESSAGE, "input": None} for place in found_places]
    raise RequestValidationError(entries) from None


class _RefusedError(ValueError):
    """A number outside JSON."""


def _int(text: str) -> float:
    """Return an infinite number for an integer that Python cannot parse, so that the number is refused."""
    try:
        return int(text)
    except ValueError:
        return math.inf


def _refuse(_: str) -> NoReturn:
    raise _RefusedError


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


read_finite: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite).decode  # raises without a place


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the places of numbers that are NaN or infinite, in any serialisable value."""
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
    """Return whether values of a pydantic core schema may contain floating-point numbers."""
    if isinstance(schema, Mapping):
        mapping = cast("Mapping[str, Any]", schema)
        kind = mapping.get("type")
        if not isinstance(kind, str):
            kind = ""  # the schema of a field called `type`, or a mapping of schemas
        if kind in _HOLDERS or kind.startswith("function"):
            return True
        if kind in _COLLECTIONS and not any(key.endswith("_schema") for key in mapping):
            return True
        return mapping.get("extra_behavior") == "allow" or any(may_hold_numbers(part) for part in mapping.values())
    if isinstance(schema, list | tuple):
        return any(may_hold_numbers(part) for part in cast("list[Any]", schema))
    return False
