"""Events as plain data with name and version, and upcasters of older versions."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from uuid import UUID

from .._errors import EventDataError, UpcastError
from .._names import name_of, place_of
from .codec import Codec, check_plain, mismatch
from .field_codecs import field_codecs, read_fields
from .registry import classes_named, known_names

if TYPE_CHECKING:  # _event imports this module
    from .event import Event

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

_CODECS = "__vega_codecs__"
_UPCASTERS = "__vega_upcasters__"
_KEYS = ("event_name", "event_version", "event_id", "timestamp", "metadata", "data")


def write_event(event: Event) -> dict[str, Any]:
    """Return an event as plain data; see `Event.to_dict`."""
    cls = type(event)
    codecs = _codecs(cls)
    return {
        "event_name": cls.event_name,
        "event_version": cls.event_version,
        "event_id": event.event_id,
        "timestamp": event.timestamp.isoformat(),
        "metadata": check_plain(event.metadata, f"{cls.__name__}.metadata"),
        "data": {name: codec.write(getattr(event, name), f"{cls.__name__}.{name}") for name, codec in codecs.items()},
    }


def read_event(base: type[Event], plain: Any) -> Event:
    """Return the event that plain data describes; see `Event.from_dict`."""
    if not isinstance(plain, Mapping) or not set(_KEYS) <= set(cast("Mapping[object, object]", plain)):
        raise EventDataError(
            f"the data does not describe an event: {plain!r:.80}", base.__name__, f"it needs {', '.join(_KEYS)}"
        )
    entries = cast("Mapping[str, Any]", plain)
    cls = _class_named(base, entries["event_name"])
    try:
        data = _upcast(cls, entries["event_version"], check_plain(dict(entries["data"]), cls.__name__))
        event = cls(**read_fields(cls, _codecs(cls), data, cls.__name__))
        object.__setattr__(event, "event_id", _read_id(entries["event_id"], cls))
        object.__setattr__(event, "timestamp", _read_instant(entries["timestamp"], cls))
        object.__setattr__(event, "metadata", check_plain(dict(entries["metadata"]), f"{cls.__name__}.metadata"))
    except (TypeError, RecursionError) as error:
        raise EventDataError(
            f"the data does not describe a {cls.__name__}: {error}", cls.__name__, "see the error above"
        ) from error
    return event


def add_upcaster(cls: type[Event], from_version: int, upcaster: Upcaster) -> None:
    """Store an upcaster on the class.

    Raises:
        UpcastError: the version is not older than the class, or has an upcaster already.
    """
    steps = _own(cls, _UPCASTERS)
    if not 1 <= from_version < cls.event_version or from_version in steps:
        raise UpcastError(
            f"{from_version} is not an older version of {cls.__name__} without an upcaster",
            place_of(upcaster),
            f"{cls.__name__}.event_version is {cls.event_version}; write one upcaster for each version below it",
        )
    steps[from_version] = upcaster


def _upcast(cls: type[Event], version: Any, data: dict[str, Any]) -> dict[str, Any]:
    if type(version) is not int or not 1 <= version <= cls.event_version:
        raise UpcastError(
            f"version {version!r} of {cls.event_name} is not known here",
            name_of(cls),
            f"this program knows versions up to {cls.event_version}; update it before it reads newer data",
        )
    steps: dict[int, Upcaster] = _own(cls, _UPCASTERS)
    for step in range(version, cls.event_version):
        upcaster = steps.get(step)
        if upcaster is None:
            raise UpcastError(
                f"there is no upcaster of {cls.event_name} from version {step} to {step + 1}",
                name_of(cls),
                f"write it: @{cls.__name__}.upcaster({step})",
            )
        data = _run(upcaster, data)
    return data


def _run(upcaster: Upcaster, data: dict[str, Any]) -> dict[str, Any]:
    try:
        result = upcaster(data)
    except Exception as error:
        raise UpcastError(f"the upcaster failed: {type(error).__name__}: {error}", place_of(upcaster), "") from error
    if not isinstance(cast("object", result), dict):  # the annotation of a user may be wrong
        raise UpcastError(f"the upcaster returned {result!r:.80}", place_of(upcaster), "return the dict of the fields")
    return result


def _class_named(base: type[Event], name: Any) -> type[Event]:
    found = [cls for cls in classes_named(name) if issubclass(cls, base)] if isinstance(name, str) else []
    if base in found:
        return base
    if len(found) == 1:
        return found[0]
    if found:
        raise EventDataError(
            f"several event classes are called {name!r}",
            ", ".join(map(name_of, found)),
            'give them names of their own: event_name = "shop.user_created"',
        )
    near = difflib.get_close_matches(str(name), known_names(), 1)
    raise EventDataError(
        f"no {base.__name__} is called {name!r}{f'; did you mean {near[0]!r}?' if near else ''}",
        base.__name__,
        "import the module that defines it, or list the old name in former_names",
    )


def _codecs(cls: type[Event]) -> dict[str, Codec]:
    codecs: dict[str, Codec] | None = vars(cls).get(_CODECS)
    if codecs is None:
        maker = next(base for base in cls.__mro__ if "__init__" in vars(base))
        if "__dataclass_fields__" not in vars(maker):
            raise EventDataError(
                f"{cls.__name__} has an __init__ of its own, so its fields are not known",
                name_of(cls),
                "make it a dataclass: @dataclass(frozen=True)",
            )
        codecs = field_codecs(cls)
        setattr(cls, _CODECS, codecs)
    return codecs


def _own(cls: type, name: str) -> dict[int, Upcaster]:
    if name not in vars(cls):
        setattr(cls, name, {})
    found: dict[int, Upcaster] = vars(cls)[name]
    return found


def _read_id(value: Any, cls: type) -> str:
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError) as error:
        raise mismatch(value, "UUID", f"{cls.__name__}.event_id") from error


def _read_instant(value: Any, cls: type) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except (ValueError, TypeError) as error:
        raise mismatch(value, "instant", f"{cls.__name__}.timestamp") from error
    if instant.tzinfo is None:
        raise mismatch(value, "instant with a time zone", f"{cls.__name__}.timestamp")
    return instant.astimezone(UTC)
