"""The names accepted by an `Input`, and the error for unknown names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, get_args

if TYPE_CHECKING:  # pydantic is imported by the module that defines the Input
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails, InitErrorDetails

_READS_THE_WHOLE: Final = frozenset({"before", "wrap"})


def is_pydantic_dataclass(model: Any) -> bool:
    """Return whether a class is a pydantic dataclass."""
    return is_dataclass(model) and hasattr(model, "__pydantic_fields__")


def names_of(model: Any) -> frozenset[str] | None:
    """Return the names that a pydantic class accepts; None when the class handles unknown names.

    The class does so if the configuration sets `extra`, or if a model validator reads the raw values.
    """
    config = _config_of(model)
    validators = model.__pydantic_decorators__.model_validators.values()
    if config.get("extra") is not None or any(validator.info.mode in _READS_THE_WHOLE for validator in validators):
        return None
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    names: set[str] = set()
    for name, field in model.__pydantic_fields__.items():
        aliases = set(_aliases(field.validation_alias)) if config.get("validate_by_alias") is not False else set[str]()
        names |= aliases | ({name} if by_name or not aliases else set())
    return frozenset(names)


def _config_of(model: Any) -> Mapping[str, Any]:
    """Return the configuration of a pydantic class; in a pydantic dataclass, `model_config` may be a field."""
    config: Mapping[str, Any] = (
        getattr(model, "__pydantic_config__" if is_dataclass(model) else "model_config", None) or {}
    )
    return config


def _aliases(alias: Any) -> Iterable[str]:
    for choice in getattr(alias, "choices", (alias,)):  # AliasChoices
        first = getattr(choice, "path", (choice,))[0]  # AliasPath
        if isinstance(first, str):
            yield first


def only(
    names: frozenset[str], make: Callable[[dict[str, Any]], Any], cls: type, model: Any
) -> Callable[[dict[str, Any]], Any]:
    """Return a function that constructs the `Input` and refuses unknown names."""
    takes = names.issuperset

    def checked(values: dict[str, Any]) -> Any:
        if takes(values):
            return make(values)
        raise _refusal(names, make, cls, model, values)

    return checked


def _refusal(
    names: frozenset[str], make: Callable[[dict[str, Any]], Any], cls: type, model: Any, values: dict[str, Any]
) -> ValidationError:
    """Return the error for unknown names, together with all other errors of the values."""
    from pydantic import ValidationError
    from pydantic_core import InitErrorDetails, PydanticCustomError

    mistakes: list[InitErrorDetails] = []
    for name in (name for name in values if name not in names):
        suggestions = get_close_matches(name, names - values.keys(), n=1) or get_close_matches(name, names, n=1)
        known = (
            f"did you mean {suggestions[0]!r}?" if suggestions else f"it takes {', '.join(sorted(names)) or 'nothing'}"
        )
        reason = PydanticCustomError(
            "extra_forbidden",
            "{use_case} has no input {name}; {known}",
            {
                "use_case": cls.__name__,
                "name": repr(name),
                "known": known,
            },
        )
        mistakes.append(InitErrorDetails(type=reason, loc=(name,), input=values[name]))
    try:
        make({name: value for name, value in values.items() if name in names})
    except ValidationError as error:
        mistakes += [_again(mistake) for mistake in error.errors(include_url=False)]
    config = _config_of(model)
    title, hidden = config.get("title") or model.__name__, bool(config.get("hide_input_in_errors"))
    return ValidationError.from_exception_data(title, mistakes, hide_input=hidden)


def _again(mistake: ErrorDetails) -> InitErrorDetails:
    """Convert a reported error to the form that constructs a new error."""
    from pydantic_core import InitErrorDetails, PydanticCustomError
    from pydantic_core.core_schema import ErrorType

    kind: Any = mistake["type"]
    message: Any = mistake["msg"]  # pydantic asks for a literal string
    context = mistake.get("ctx", {})
    if kind in get_args(ErrorType):
        return InitErrorDetails(type=kind, loc=mistake["loc"], input=mistake["input"], ctx=context)
    custom_type = PydanticCustomError(kind, message, context)
    return InitErrorDetails(type=custom_type, loc=mistake["loc"], input=mistake["input"])
