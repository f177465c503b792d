"""Endpoints of use cases: the input as body, path and query parameters, the result as the response."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, dataclass, fields, is_dataclass
from itertools import count
from typing import Annotated, Any, Final, TypeVar, cast, final, get_args, get_origin, get_type_hints

from fastapi import Path, Query
from pydantic import AliasChoices, BaseModel, ConfigDict, Strict, create_model, field_validator
from pydantic.fields import FieldInfo

from vega.core.introspection import description_of, snake_case
from vega.patterns import Interactor, Mediator

from .._errors import RouteError
from .strict_types import json_check, json_typed, text_checks, text_typed

_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_BY_NAME: Final = ("populate_by_name", "validate_by_name")
OPERATION: Final = "x-vega-operation"  # the key for the name of the use case in a route's OpenAPI extras
_PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """An input value of a use case."""

    name: str
    argument: str  # the argument of the constructor
    hint: Any
    info: FieldInfo | None
    default: Any
    is_made: bool = False  # whether a factory makes the default; the endpoint then omits the value


def of_use_case(use_case: Any, method: str, path: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the endpoint of a use case, and the options of its route.

    Values named in the path come from the path; the rest from the body (POST, PUT, PATCH) or the query.

    Args:
        use_case: an Interactor or Mediator.
        method: the HTTP method.
        path: including the prefix of the router.

    Raises:
        RouteError: the path names an unknown value of the use case.
    """
    taken = {field.name: field for field in _fields(use_case)}
    in_path = _PARAMETER.findall(path)
    unknown = [name for name in in_path if name not in taken]
    if unknown:
        raise RouteError(
            f"{use_case.__qualname__} takes no {', '.join(unknown)}",
            f"{method} {path}",
            f"it takes {', '.join(taken)}",
        )
    rest = [field for name, field in taken.items() if name not in in_path]
    parameters = [_parameter(taken[name], Path()) for name in in_path]
    model: type[BaseModel] | None = None
    body = "body" if "body" not in in_path else next(name for n in count(1) if (name := f"body_{n}") not in in_path)
    if method in _BODY and rest:
        _check_names(use_case, rest, f"{method} {path}")
        model = _model(use_case, rest, whole=not in_path)
        parameters.append(inspect.Parameter(body, inspect.Parameter.KEYWORD_ONLY, annotation=model))
    else:
        parameters += [_parameter(field, Query()) for field in rest]
    result = result_of(use_case)
    endpoint = _endpoint(use_case, rest, body if model is not None else None)
    endpoint.__name__ = endpoint.__qualname__ = snake_case(use_case.__name__)
    endpoint.__module__, endpoint.__doc__ = use_case.__module__, description_of(use_case)
    endpoint.__signature__ = inspect.Signature(parameters)
    endpoint.__vega_use_case__ = use_case
    return endpoint, _options(method, result)


def _check_names(use_case: Any, rest: Sequence[_Field], place: str) -> None:
    """Raise RouteError for names that pydantic does not allow as fields."""
    refused = [field.name for field in rest if field.name == "model_config" or field.name.startswith("_")]
    if refused:
        raise RouteError(
            f"a body cannot contain {', '.join(refused)} of {use_case.__qualname__}",
            place,
            "rename it: pydantic reserves model_config and names that begin with an underscore",
        )


def _endpoint(use_case: Any, rest: Sequence[_Field], body_name: str | None) -> Any:
    arguments = {field.name: field.argument for field in rest}
    with_factory = tuple(field.name for field in rest if field.is_made)

    async def without_body(**values: Any) -> Any:
        for name in with_factory:
            if values[name] is None:
                del values[name]
        return await use_case(**{arguments.get(name, name): value for name, value in values.items()})

    if body_name is None:
        return without_body

    async def with_body(**values: Any) -> Any:
        body = values.pop(body_name)
        for name in body.model_fields_set & arguments.keys():  # unset values keep the default of the use case
            values[arguments[name]] = getattr(body, name)
        return await use_case(**{**(body.model_extra or {}), **values})

    return with_body


def _options(method: str, result: Any) -> dict[str, Any]:
    is_empty = result is None or result is type(None)
    return {
        "status_code": 204 if is_empty else 201 if method == "POST" else 200,
        "response_model": None if is_empty or result is Any else result,
    }


def _fields(use_case: Any) -> Iterator[_Field]:
    model = getattr(use_case, "Input", None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        for name, info in model.model_fields.items():
            argument = _argument_name(name, info, model)
            has_factory = info.default_factory is not None
            default = None if has_factory else info.default
            yield _Field(
                name=name, argument=argument, hint=info.annotation, info=info, default=default, is_made=has_factory
            )
        return
    hints = get_type_hints(use_case.__init__, include_extras=True)
    own = fields(use_case) if is_dataclass(use_case) else ()
    factories = {field.name for field in own if field.default_factory is not MISSING}
    for parameter in list(inspect.signature(use_case.__init__).parameters.values())[1:]:
        if parameter.kind not in {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}:
            name, hint = parameter.name, hints.get(parameter.name, Any)
            has_factory = name in factories
            default = None if has_factory else parameter.default
            yield _Field(name=name, argument=name, hint=hint, info=None, default=default, is_made=has_factory)


def _argument_name(name: str, info: FieldInfo, model: type[BaseModel]) -> str:
    """Return an argument name for a field in the constructor of an Input."""
    if any(model.model_config.get(option) for option in _BY_NAME):
        return name
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return next((choice for choice in choices if isinstance(choice, str)), name)


def _parameter(field: _Field, place: Any) -> inspect.Parameter:
    """Return a parameter of the endpoint for FastAPI to read from the path or the query."""
    metadata: list[Any] = []
    default = inspect.Parameter.empty if isinstance(place, type(Path())) else field.default
    if field.info is not None:
        place.description, place.title = field.info.description, field.info.title
        metadata += field.info.metadata
        if field.info.is_required():
            default = inspect.Parameter.empty
    checks = text_checks(field.hint, metadata) if not _is_strict(field) else ()
    hint = cast("Any", Annotated)[(text_typed(field.hint, metadata), *metadata, *checks, place)]  # built at run time
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)


def _model(use_case: Any, rest: Sequence[_Field], *, whole: bool) -> type[BaseModel]:
    """Return the model of the body: the Input itself, or a model of the values outside the path.

    Values must match the document: no `"1"` for an int, no number for a date, no text with NUL.
    """
    name, own = f"{use_case.__name__}Input", _fields_read_by_validators(getattr(use_case, "Input", None))
    checks = _checks([field for field in rest if field.name not in own])
    if not (whole and rest[0].info is not None):
        definitions: dict[str, Any] = {field.name: _definition(field, field.name in own) for field in rest}
        config = _config_of_names(getattr(use_case, "Input", None))
        with warnings.catch_warnings():  # values may shadow methods that are not called on this model
            warnings.filterwarnings("ignore", "Field name .* shadows an attribute", UserWarning)
            return create_model(
                name, __module__=use_case.__module__, __config__=config, __validators__=checks, **definitions
            )
    input_model: type[BaseModel] = use_case.Input
    typed = {field.name: _definition(field) for field in rest if field.name not in own}
    namespace: dict[str, Any] = {
        "__module__": use_case.__module__,
        "__doc__": description_of(input_model) or None,
        **checks,
    }
    namespace["__annotations__"] = {key: hint for key, (hint, _) in typed.items()}
    return type(name, (input_model,), namespace | {key: copy(info) for key, (_, info) in typed.items()})


def _config_of_names(model: Any) -> ConfigDict:
    """Return the part of a model's configuration that concerns names of fields."""
    config = getattr(model, "model_config", {}) if isinstance(model, type) and issubclass(model, BaseModel) else {}
    return cast("ConfigDict", {key: config[key] for key in ("extra", *_BY_NAME) if key in config})  # a subset


def _checks(rest: Sequence[_Field]) -> dict[str, Any]:
    """Return validators that check values before pydantic parses them, under unique names."""
    names_by_check: dict[Any, list[str]] = {}
    for field in rest:
        check = json_check(field.hint, field.info.metadata if field.info is not None else ())
        if check is not None and not _is_strict(field):
            names_by_check.setdefault(check, []).append(field.name)
    checks = enumerate(names_by_check.items())
    return {f"vega_check_{index}": field_validator(*names, mode="before")(check) for index, (check, names) in checks}


def _fields_read_by_validators(model: Any) -> frozenset[str]:
    """Return the fields with a custom validator that runs before parsing."""
    decorators: Any = getattr(model, "__pydantic_decorators__", None)
    validators = decorators.field_validators.values() if decorators is not None else ()
    return frozenset(
        name for validator in validators if validator.info.mode != "after" for name in validator.info.fields
    )


def _is_strict(field: _Field) -> bool:
    return field.info is not None and any(isinstance(mark, Strict) for mark in field.info.metadata)


def _definition(field: _Field, is_own: bool = False) -> tuple[Any, Any]:
    metadata = field.info.metadata if field.info is not None else []
    hint = field.hint if is_own else json_typed(field.hint, metadata)
    if field.info is not None:
        return hint, field.info
    return hint, ... if field.default is inspect.Parameter.empty else field.default


def result_of(use_case: Any) -> Any:
    """Return the T of an `Interactor[T]`; Any if unknown."""
    bindings: Mapping[Any, Any] = {}
    kind = use_case
    while True:
        bases = getattr(kind, "__orig_bases__", kind.__bases__)
        base = next((candidate for candidate in bases if _leads_to_use_case(get_origin(candidate) or candidate)), None)
        if base is None:
            return Any
        origin, arguments = get_origin(base) or base, get_args(base)
        resolved = tuple(_with(argument, bindings) for argument in arguments)
        if origin in {Interactor, Mediator}:
            result = resolved[0] if resolved else Any
            return Any if isinstance(result, TypeVar) else result
        bindings = dict(zip(getattr(origin, "__parameters__", ()), resolved, strict=False))
        kind = origin


def _with(hint: Any, bindings: Mapping[Any, Any]) -> Any:
    """Return a type with its type parameters replaced by known arguments."""
    inner = getattr(hint, "__parameters__", ())
    if inner and not isinstance(hint, TypeVar):
        return hint[tuple(bindings.get(parameter, parameter) for parameter in inner)]
    return bindings.get(hint, hint)


def _leads_to_use_case(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Interactor | Mediator)
