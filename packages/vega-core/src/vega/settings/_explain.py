"""Explains a validation error of settings: each variable with its type, and an example line."""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, Final, TypeGuard, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ._defaults import members_of
from ._errors import SettingsError
from ._masking import HIDDEN


def explained(cls: type[BaseModel], error: ValidationError) -> SettingsError:
    """Return an error for all missing or invalid settings, without their values."""
    problems: list[str] = []
    examples: list[str] = []
    for entry in error.errors(include_url=False):
        place = _place(cls, entry["loc"])
        if not place:  # a validator of the whole model
            problems.append(entry["msg"])
            continue
        field = _field_at(cls, place)
        variable = _variable(cls, place)
        kind, example = _kind_and_example(field.annotation if field is not None else None)
        problems.append(f"{variable} ({kind}): {_reason(entry)}")
        examples.append(f"{variable}={example}")
    problems, examples = list(dict.fromkeys(problems)), list(dict.fromkeys(examples))
    return SettingsError(
        f"{len(problems)} settings are missing or wrong: {'; '.join(problems)}",
        f"{cls.__module__}.{cls.__qualname__}",
        f"set them in the environment, .env or settings.toml{', such as ' if examples else ''}{' '.join(examples)}",
    )


def _reason(entry: ErrorDetails) -> str:
    """Return the reason without the value, which the message of a user's validator may quote."""
    value, reason = entry["input"], entry["msg"]
    if not isinstance(value, str):
        return reason
    if entry["type"] in {"value_error", "assertion_error"} and value:
        return re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, reason)
    is_unreadable = entry["type"] in _NOT_A_TEXT
    return f"{reason}; write it as JSON" if is_unreadable else reason


def _place(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the path to a value by names alone, without the union members that pydantic adds."""
    place: list[int | str] = []
    kinds: tuple[Any, ...] = (model,)
    for part in loc:
        if len(kinds) > 1:
            kinds = tuple(kind for kind in kinds if getattr(kind, "__name__", None) == part)
            continue
        place.append(part)
        field = _field_at(kinds[0], (part,)) if kinds and is_model(kinds[0]) else None
        kinds = members_of(field.annotation) if field is not None else ()
    return tuple(place)


def _field_at(model: type[BaseModel], place: tuple[int | str, ...]) -> FieldInfo | None:
    """Return the innermost field on a path; pydantic names a field by its alias, if any."""
    innermost: FieldInfo | None = None
    fields = model.model_fields
    for part in place:
        inner = next((field for name, field in fields.items() if part in {name, alias_of(field)}), None)
        if inner is None:
            break
        innermost, annotation = inner, inner.annotation
        fields = annotation.model_fields if is_model(annotation) else {}
    return innermost


def is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    """Return whether an annotation is a class of models."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def alias_of(field: FieldInfo) -> str | None:
    """Return the first alias under which pydantic accepts a field; None without an alias."""
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return next((choice for choice in choices if isinstance(choice, str)), None)


def _variable(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    config = model.model_config
    top = _field_at(model, place[:1])
    alias = alias_of(top) if top is not None else None
    begin = alias or str(config.get("env_prefix", "")) + str(place[0])
    if len(place) == 1 and alias is not None:
        return alias
    variable = str(config.get("env_nested_delimiter") or "__").join((begin, *map(str, place[1:])))
    return variable if config.get("case_sensitive") else variable.upper()


def _kind_and_example(annotation: Any) -> tuple[str, str]:
    """Return the name of a type for messages, and an example value in the form of `.env`."""
    if annotation is None:
        return "value", "..."
    parts = get_args(annotation)
    if parts and all(isinstance(part, str) for part in parts):
        return "|".join(parts), str(parts[0])
    types = parts if get_origin(annotation) in {Union, UnionType} else (annotation,)
    example = next((_EXAMPLES[kind] for kind in types if isinstance(kind, type) and kind in _EXAMPLES), "...")
    return (annotation.__name__ if isinstance(annotation, type) else str(annotation)), example


_EXAMPLES: Final[dict[type, str]] = {bool: "true", int: "8000", float: "1.5"}
_NOT_A_TEXT: Final = frozenset(
    {"dict_type", "list_type", "set_type", "frozen_set_type", "tuple_type", "model_type", "model_attributes_type"}
    | {"dataclass_type", "mapping_type", "iterable_type"}
)
