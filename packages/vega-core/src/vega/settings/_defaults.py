"""The defaults of fields as the last source of values, merged into partly set nested models."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, cast, final, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


@final
class DefaultsSource(PydanticBaseSettingsSource):
    """Completes tables from other sources; fields without any value are left to pydantic.

    An empty dict replaces a default dict, and so does a dict passed as an argument.

    Args:
        settings: the class with the defaults.
        arguments: the values passed as arguments.
    """

    def __init__(self, settings: type[BaseSettings], arguments: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._arguments = arguments

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return no value: `__call__` completes all tables."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the tables of earlier sources, completed with defaults."""
        state = self.current_state
        whole = {key for key in self._arguments if isinstance(_default_at(self.settings_cls, key), dict)}
        return _completed(self.settings_cls, {key: value for key, value in state.items() if key not in whole}, None)


def _default_at(settings: type[BaseSettings], key: str) -> Any:
    return next((_default(field) for name, field in settings.model_fields.items() if key in _keys(name, field)), None)


def _completed(kind: type[Any], table: Mapping[str, Any], default: object) -> dict[str, Any]:
    """Return the values of a model or dataclass, with defaults for fields missing in the table."""
    completed = dict(table)
    for name, field, accepted in _fields(kind):
        key = next((key for key in accepted if key in table), None)
        if key is not None:
            own = _default(field) if default is None else getattr(default, name, PydanticUndefined)
            completed[key] = _merged(field.annotation, table[key], own)
        elif hasattr(default, name):
            completed[accepted[0]] = getattr(default, name)
    if isinstance(default, BaseModel):
        completed = {**(default.model_extra or {}), **completed}
    return completed


def _merged(annotation: Any, value: Any, default: object) -> Any:
    if not isinstance(value, Mapping):
        return value
    table = cast("Mapping[str, Any]", value)  # every source yields tables with string keys
    if isinstance(default, Mapping):
        own = cast("Mapping[str, Any]", default)
        parts = {key: _merged(_value_type(annotation), part, own.get(key)) for key, part in table.items()}
        return {**own, **parts} if parts else parts
    kinds = [member for member in members_of(annotation) if is_table(member)]
    kind = type(default)
    if is_table(kind):
        is_known = set(table) <= {key for _, _, keys in _fields(kind) for key in keys}
        return _completed(kind, table, default) if len(kinds) <= 1 or is_known else table
    if len(kinds) == 1:
        return _completed(kinds[0], table, None)
    return {key: _merged(_value_type(annotation), part, None) for key, part in table.items()}


def members_of(annotation: Any) -> tuple[Any, ...]:
    """Return the types allowed by an annotation, without `None` and `Annotated`."""
    if get_origin(annotation) is Annotated:
        return members_of(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(member for part in get_args(annotation) for member in members_of(part))
    return () if annotation is type(None) else (annotation,)


def _value_type(annotation: Any) -> Any:
    """Return the type of the values of a dict, or None."""
    value_types = [get_args(kind)[1] for kind in members_of(annotation) if len(get_args(kind)) == 2]
    return value_types[0] if len(value_types) == 1 else None


def is_table(kind: Any) -> bool:
    """Return whether a type is a model or a dataclass."""
    return inspect.isclass(kind) and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind))


def _fields(kind: type[Any]) -> Iterator[tuple[str, FieldInfo, tuple[str, ...]]]:
    """Yield the name of each field, its description, and the keys of its value, by priority."""
    if issubclass(kind, BaseModel):
        by_name = bool(kind.model_config.get("populate_by_name") or kind.model_config.get("validate_by_name"))
        for name, field in kind.model_fields.items():
            yield name, field, _keys(name, field, by_name=by_name)
        return
    for part in dataclasses.fields(kind):
        if part.init:
            yield part.name, FieldInfo.from_annotation(cast("Any", part.type)), (part.name,)


def _keys(name: str, field: FieldInfo, *, by_name: bool = True) -> tuple[str, ...]:
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    aliases = [choice for choice in choices if isinstance(choice, str)]
    return (*aliases, name) if by_name or not aliases else tuple(aliases)


def _default(field: FieldInfo) -> Any:
    """Return the default of a field; undefined if the default depends on other values."""
    if field.default_factory is not None and field.default_factory_takes_validated_data:
        return PydanticUndefined
    return field.get_default(call_default_factory=True)
