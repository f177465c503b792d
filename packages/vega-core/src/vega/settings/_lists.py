"""Lists in texts: `a,b` as well as JSON, for fields of scalars."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from ._defaults import is_table

S = TypeVar("S", bound=PydanticBaseSettingsSource)


def with_lists(source: S) -> S:
    """Return a source that reads lists in both forms, and passes text that is not JSON to the validator of the field.

    So the validator reports malformed text together with all other errors.
    """
    decode = partial(_decode, source.decode_complex_value)
    source.decode_complex_value = decode  # type: ignore[method-assign] # pydantic offers no other hook
    return source


def _decode(by_json: Callable[..., Any], name: str, field: FieldInfo | None, text: Any) -> Any:
    if field is None or not isinstance(text, str):
        return by_json(name, field, text)
    has_list = _is_list_of_scalars(field.annotation) and not text.lstrip().startswith(("[", "{"))
    try:
        value = by_json(name, field, text)
    except ValueError:
        return _split(text) if has_list else text
    return _split(text) if has_list and value is not None and value is not text else value


def _split(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    return parts if parts[-1] else parts[:-1]


def _is_list_of_scalars(annotation: Any) -> bool:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _is_list_of_scalars(parts[0])
    if origin in {Union, UnionType}:
        members = [part for part in parts if part is not type(None)]
        return len(members) == 1 and _is_list_of_scalars(members[0])
    kind: Any = origin or annotation
    if not inspect.isclass(kind) or not issubclass(kind, Collection) or issubclass(kind, (str, bytes, Mapping)):
        return False
    return not is_table(kind) and all(_is_scalar(part) for part in parts)


def _is_scalar(annotation: Any) -> bool:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _is_scalar(parts[0])
    if origin in {Union, UnionType}:
        return all(_is_scalar(part) for part in parts)
    if origin is Literal or annotation in {Any, Ellipsis}:
        return True
    kind: Any = origin or annotation
    return inspect.isclass(kind) and not issubclass(kind, (Mapping, list, tuple, AbstractSet)) and not is_table(kind)
