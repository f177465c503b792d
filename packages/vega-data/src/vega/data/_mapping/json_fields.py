"""Values of JSON fields: accepted if JSON restores the same value, else refused.

RFC 8259 has no NaN, bytes, Decimal, tuple or set, and no key other than a text. PostgreSQL's JSONB has no NUL
character in a text. A field that declares such types, such as `dict[str, Decimal]`, keeps the values, which are
written and read by the declared type.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any, Final, cast, get_args, get_origin

from vega.patterns.query import InvalidValueError
from vega.patterns.query.values import LONGEST_TEXT, MOST_DIGITS

from .._errors import MappingError

_MOST_LEVELS: Final = 100
_MOST_BITS: Final = (10**MOST_DIGITS).bit_length()
_FIX: Final = "declare the type of what is in the field, such as dict[str, Decimal], or store another value"
_ANYTHING: Final[dict[Any, tuple[Any, ...]]] = {dict: (str, Any), list: (Any,)}


def json_checker(python_type: Any) -> Callable[[Any, str], Any]:
    """Return a check: a function of a value other than None and a place for errors that returns the restored value.

    The check raises InvalidValueError for a value that JSON would change.
    """
    container = get_origin(python_type) or python_type
    if get_args(python_type) not in {(), _ANYTHING.get(container)} or container not in _ANYTHING:
        return _TypedCheck(python_type)

    def check(value: Any, where: str) -> Any:
        if type(value) is not container:
            if isinstance(value, container):  # such as MutableDict of SQLAlchemy
                return check(container(value), where)
            raise InvalidValueError(f"a {type(value).__name__} is given where a {container.__name__} is needed", where)
        _require_json(value, where, _MOST_LEVELS)
        return value

    return check


class _TypedCheck:
    """A check of values of a type that pydantic writes as JSON and reads back.

    Args:
        python_type: the declared type.
    """

    def __init__(self, python_type: Any) -> None:
        self._type = python_type
        self._adapter: Any = None

    def __call__(self, value: Any, where: str) -> Any:
        adapter = self._adapter or self._made()
        try:
            typed = adapter.validate_python(value, strict=True)
            written = adapter.dump_python(typed, mode="json", warnings="error")
        except (ValueError, TypeError, RecursionError) as error:  # pydantic's own are of the first
            first = str(error).partition("\n")[2].partition(" [")[0].strip().replace("\n", ": ")
            raise InvalidValueError(
                f"the value is not of type {_named(self._type)}: {first[:200]}", where, _FIX
            ) from error
        _require_json(written, where, _MOST_LEVELS)
        read = adapter.validate_python(written)
        if not _same(typed, read):
            raise InvalidValueError("the value would come back from JSON as another", where, _FIX)
        return read

    def _made(self) -> Any:
        pydantic = importlib.import_module("pydantic")
        try:
            self._adapter = pydantic.TypeAdapter(self._type)
        except pydantic.PydanticUserError as error:
            raise MappingError(
                f"{_named(self._type)} cannot be stored as JSON", "a field", "declare it with types that pydantic knows"
            ) from error
        return self._adapter


def _require_json(value: Any, where: str, levels: int) -> None:
    kind: Any = value.__class__
    if kind is dict or kind is list:
        if levels == 0:
            raise InvalidValueError(
                f"the value is nested more than {_MOST_LEVELS} levels deep", where, "store its parts in other fields"
            )
        if kind is dict:
            _require_keys(value, where)
        for item in value.values() if kind is dict else value:
            _require_json(item, where, levels - 1)
        return
    require = _REQUIRE.get(kind)
    if require is None:
        raise InvalidValueError(f"a {kind.__name__} would come back from JSON as another value", where, _FIX)
    require(value, where)


def _require_keys(table: dict[Any, Any], where: str) -> None:
    for key in table:
        if type(key) is not str:
            raise InvalidValueError(f"JSON has no key that is a {type(key).__name__}", where, _FIX)
        _require_text(key, where)


def _require_finite(value: float, where: str) -> None:
    if not math.isfinite(value):
        raise InvalidValueError(f"JSON has no number {value}", where, "store None, or a text")


def _require_short(value: int, where: str) -> None:
    if value.bit_length() > _MOST_BITS:
        raise InvalidValueError(f"an int has more than {MOST_DIGITS:,} digits", where, "store it as a text")


def _take(_: object, __: str) -> None:
    return


def _require_text(text: str, where: str) -> None:
    if "\0" in text:
        raise InvalidValueError("text with a NUL character cannot be stored", where)
    if len(text) > LONGEST_TEXT:
        raise InvalidValueError(f"a text has more than {LONGEST_TEXT:,} characters", where, "keep it in a file")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidValueError("text with half a surrogate pair is not Unicode", where) from None


_REQUIRE: Final[dict[type, Callable[[Any, str], None]]] = {
    str: _require_text,
    float: _require_finite,
    int: _require_short,
    bool: _take,
    type(None): _take,
}


def _same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if _is_table(left):
        return bool(left.keys() == right.keys()) and all(_same(item, right[key]) for key, item in left.items())
    if isinstance(left, list | tuple):
        pair = cast("list[Any]", left), cast("list[Any]", right)
        return len(pair[0]) == len(pair[1]) and all(map(_same, *pair))
    return bool(left == right)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _named(python_type: Any) -> str:
    return python_type.__name__ if isinstance(python_type, type) else str(python_type)
