"""Job payloads as JSON with a schema version; never pickle, neither written nor read.

Besides the types of JSON, these are preserved: datetime, date, time, timedelta, UUID, Decimal, bytes, tuple, set,
frozenset. An error becomes the name of its type, its kind, message and traceback as text.
"""

from __future__ import annotations

import base64
import json
import math
import traceback
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from uuid import UUID

from vega.errors import ErrorKind

from ._errors import JobPayloadError

SCHEMA = 1
_TAG = "$vega"
_MICROSECOND = timedelta(microseconds=1)

_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    timedelta: ("timedelta", lambda value: value // _MICROSECOND),
    UUID: ("uuid", str),
    Decimal: ("decimal", str),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode("ascii")),
    tuple: ("tuple", lambda value: [to_plain(item) for item in value]),
    set: ("set", lambda value: [to_plain(item) for item in value]),
    frozenset: ("frozenset", lambda value: [to_plain(item) for item in value]),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: value * _MICROSECOND,
    "uuid": UUID,
    "decimal": Decimal,
    "bytes": lambda value: base64.b64decode(value, validate=True),
    "tuple": lambda value: tuple(from_plain(item) for item in value),
    "set": lambda value: {from_plain(item) for item in value},
    "frozenset": lambda value: frozenset(from_plain(item) for item in value),
    "error": dict,
}


def to_plain(value: Any) -> Any:
    """Return a value as JSON data.

    Raises:
        JobPayloadError: the type is not supported, or a number is not finite.
    """
    kind: type[object] = type(value)  # pyright: ignore[reportUnknownVariableType] - of any value
    if value is None or kind in (bool, int, str) or (kind is float and math.isfinite(value)):
        return value
    if kind is list:
        return [to_plain(item) for item in value]
    if kind is dict and all(type(key) is str for key in value) and _TAG not in value:
        return {key: to_plain(item) for key, item in value.items()}
    if kind in _WRITERS:
        tag, write = _WRITERS[kind]
        return {_TAG: tag, "value": write(value)}
    if isinstance(value, BaseException):
        return {_TAG: "error", "value": error_to_plain(value)}
    raise JobPayloadError(
        f"a job cannot carry {value!r} of type {kind.__qualname__}",
        "payload",
        "pass plain data, such as the id of an entity, and load the entity in the job",
    )


def error_to_plain(error: BaseException) -> dict[str, str]:
    """Return an error as texts: the name of its type, its kind, its message and its traceback."""
    kind = type(error)
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "kind": str(ErrorKind.of(error)),
        "message": str(error),
        "traceback": "".join(traceback.format_exception(error)),
    }


def from_plain(value: Any) -> Any:
    """Return the value passed to `to_plain`; an error is returned as its dictionary.

    Raises:
        JobPayloadError: a tag is unknown, or the tagged value malformed.
    """
    if isinstance(value, list):
        return [from_plain(item) for item in cast("Sequence[Any]", value)]
    if not isinstance(value, dict):
        return value
    value = cast("dict[str, Any]", value)
    if _TAG not in value:
        return {key: from_plain(item) for key, item in value.items()}
    try:
        return _READERS[value[_TAG]](value["value"])
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise JobPayloadError(
            f"stored data is not a valid {value[_TAG]!r}: {type(error).__name__}",
            "payload",
            "check the client that enqueued it",
        ) from error


def dumps(data: Any) -> bytes:
    """Return arq's dictionary of a job or result as bytes; usable as `job_serializer` of a stock client.

    Raises:
        JobPayloadError: the dictionary contains a value that a job cannot carry.
    """
    plain = {"v": SCHEMA, **{key: _sequence(item) if key == "a" else to_plain(item) for key, item in data.items()}}
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def loads(raw: bytes) -> dict[str, Any]:
    """Return the dictionary of a job or result; usable as `job_deserializer` of a stock client.

    Raises:
        JobPayloadError: the bytes are not JSON of this schema. Pickles are never loaded.
    """
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise JobPayloadError(
            "the payload is not JSON", "payload", "enqueue with vega.jobs, or give an arq client Vega's serializer"
        ) from error
    version = cast("dict[str, Any]", data).get("v") if isinstance(data, dict) else None
    if version != SCHEMA:
        raise JobPayloadError(
            f"the payload has schema {version!r}, not {SCHEMA}", "payload", "run workers of one version"
        )
    return {key: from_plain(item) for key, item in cast("dict[str, Any]", data).items() if key != "v"}


def _sequence(items: Any) -> list[Any]:
    return [to_plain(item) for item in items]
