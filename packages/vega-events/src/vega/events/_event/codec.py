"""Values as plain data for JSON and back, by the annotations of the fields."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, final
from uuid import UUID

from .._errors import EventDataError

Write: TypeAlias = Callable[[Any, str], Any]
Read: TypeAlias = Callable[[Any, str], Any]

_MICROSECOND = timedelta(microseconds=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """The writer and reader of the values of an annotation.

    Args:
        kinds: the possible plain forms: null, bool, int, float, str, list, dict.
        write: a function of a value and the path of the field; returns the plain form.
        read: a function of a plain form and the path of the field; returns the value.
    """

    kinds: frozenset[str]
    write: Write
    read: Read


def kind_of(plain: object) -> str:
    """Return the kind of plain data; the name of the type for any other object."""
    return "null" if plain is None else type(plain).__name__


def mismatch(value: object, wanted: str, path: str) -> EventDataError:
    """Return the error of a value that does not fit the field."""
    shown = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:77]}..."
    return EventDataError(f"expected {wanted}, not {shown}", path, "give the field a value of its annotation")


def check_plain(value: Any, path: str) -> Any:
    """Return a copy of plain data.

    Raises:
        EventDataError: a part is not null, bool, int, finite float, str, list, or dict with text as keys.
    """
    kind: type[object] = type(value)  # pyright: ignore[reportUnknownVariableType] - of any value
    if value is None or kind in (bool, int, str) or (kind is float and math.isfinite(value)):
        return value
    if kind is list:
        return [check_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if kind is dict and all(type(key) is str for key in value):
        return {key: check_plain(item, f"{path}.{key}") for key, item in value.items()}
    raise mismatch(value, "plain data", path)


PLAIN = Codec(
    kinds=frozenset({"null", "bool", "int", "float", "str", "list", "dict"}), write=check_plain, read=check_plain
)


def _exactly(kind: type, wanted: str, change: Callable[[Any], Any] = lambda value: value) -> Write:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise mismatch(value, wanted, path)
        return change(value)

    return check


def _parsed(kind: type, wanted: str, parse: Callable[[Any], Any]) -> Read:
    def read(plain: Any, path: str) -> Any:
        if type(plain) is not kind:
            raise mismatch(plain, wanted, path)
        try:
            return parse(plain)
        except (ValueError, InvalidOperation, OverflowError) as error:
            raise mismatch(plain, wanted, path) from error

    return read


def _write_float(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise mismatch(value, "finite float", path)
    return float(value)


def _write_date(value: Any, path: str) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise mismatch(value, "date", path)
    return value.isoformat()


def _text(kind: type, write: Callable[[Any], str], parse: Callable[[str], Any]) -> Codec:
    name = kind.__name__
    return Codec(kinds=frozenset({"str"}), write=_exactly(kind, name, write), read=_parsed(str, name, parse))


SCALARS: dict[Any, Codec] = {
    type(None): Codec(kinds=frozenset({"null"}), write=_exactly(type(None), "None"), read=_exactly(type(None), "None")),
    bool: Codec(kinds=frozenset({"bool"}), write=_exactly(bool, "bool"), read=_exactly(bool, "bool")),
    int: Codec(kinds=frozenset({"int"}), write=_exactly(int, "int", int), read=_exactly(int, "int")),
    float: Codec(kinds=frozenset({"float"}), write=_write_float, read=_write_float),
    str: Codec(kinds=frozenset({"str"}), write=_exactly(str, "str", str.__str__), read=_exactly(str, "str")),
    datetime: _text(datetime, datetime.isoformat, datetime.fromisoformat),
    date: Codec(kinds=frozenset({"str"}), write=_write_date, read=_parsed(str, "date", date.fromisoformat)),
    time: _text(time, time.isoformat, time.fromisoformat),
    timedelta: Codec(
        kinds=frozenset({"int"}),
        write=_exactly(timedelta, "timedelta", lambda value: value // _MICROSECOND),
        read=_parsed(int, "timedelta in microseconds", lambda plain: plain * _MICROSECOND),
    ),
    Decimal: _text(Decimal, str, Decimal),
    UUID: _text(UUID, str, UUID),
    bytes: _text(
        bytes,
        lambda value: base64.b64encode(value).decode("ascii"),
        lambda text: base64.b64decode(text, validate=True),
    ),
}
