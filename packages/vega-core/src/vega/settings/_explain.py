"""Turns what pydantic found wrong into one error: each variable with its type, and a line that would do."""

from __future__ import annotations

from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ._errors import SettingsError


def explained(cls: type[BaseModel], error: ValidationError) -> SettingsError:
    """Return the one error for all that is missing or wrong; it shows no value."""
    problems: list[str] = []
    examples: list[str] = []
    for entry in error.errors(include_input=False, include_url=False):
        if not entry["loc"]:  # a check of the whole
            problems.append(entry["msg"])
            continue
        field = _field_at(cls, entry["loc"])
        variable = _variable(cls, field, entry["loc"])
        kind, example = _kind_and_example(field.annotation if field is not None else None)
        problems.append(f"{variable} ({kind}): {entry['msg']}")
        examples.append(f"{variable}={example}")
    return SettingsError(
        f"{len(problems)} settings are missing or wrong: {'; '.join(problems)}",
        f"{cls.__module__}.{cls.__qualname__}",
        f"set them in the environment, .env or settings.toml{', such as ' if examples else ''}{' '.join(examples)}",
    )


def _field_at(model: type[BaseModel], place: tuple[int | str, ...]) -> FieldInfo | None:
    """Return the innermost field on the way to a place; pydantic names it by its alias, if it has one."""
    found: FieldInfo | None = None
    fields = model.model_fields
    for part in place:
        inner = next((field for name, field in fields.items() if part in {name, alias_of(field)}), None)
        if inner is None:
            break
        found, annotation = inner, inner.annotation
        fields = annotation.model_fields if isinstance(annotation, type) and issubclass(annotation, BaseModel) else {}
    return found


def alias_of(field: FieldInfo) -> str | None:
    """Return the name that pydantic takes a field's value by, the first when there are several, None: its own."""
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return next((choice for choice in choices if isinstance(choice, str)), None)


def _variable(model: type[BaseModel], field: FieldInfo | None, place: tuple[int | str, ...]) -> str:
    alias = alias_of(field) if field is not None and len(place) == 1 else None
    prefix = str(model.model_config.get("env_prefix", ""))
    return alias or (prefix + "__".join(str(part) for part in place)).upper()


def _kind_and_example(annotation: Any) -> tuple[str, str]:
    """Return how a message calls a type, and a value of it as a line of `.env` has it."""
    if annotation is None:
        return "value", "..."
    parts = get_args(annotation)
    if parts and all(isinstance(part, str) for part in parts):
        return "|".join(parts), str(parts[0])
    types = parts if get_origin(annotation) in {Union, UnionType} else (annotation,)
    example = next((_EXAMPLES[one] for one in types if isinstance(one, type) and one in _EXAMPLES), "...")
    return (annotation.__name__ if isinstance(annotation, type) else str(annotation)), example


_EXAMPLES: Final[dict[type, str]] = {bool: "true", int: "8000", float: "1.5"}
