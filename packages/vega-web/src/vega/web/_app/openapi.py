"""Problem documents, operation ids and exact numbers in the OpenAPI document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import FastAPI

from vega.core.introspection import snake_case

from .._problems.error_map import ERRORS, ErrorMap, Mapped, phrase
from .._problems.problems import MEDIA_TYPE, ProblemDetails
from .._routing.use_case_endpoint import OPERATION
from .access import document_access

_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
_FASTAPI_OWN: Final = ("HTTPValidationError", "ValidationError")
_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_ANY: Final = r"^[+-]?\d{1,15}(\.\d{1,10})?$"
_POSITIVE: Final = r"^\d{1,15}(\.\d{1,10})?$"
_BOUNDS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_INVALID: Final = "#/components/schemas/HTTPValidationError"


def document_problems(app: FastAPI, errors: ErrorMap) -> None:
    """Document the error responses of an application in OpenAPI.

    Args:
        app: the application; its `openapi` method is extended, as documented by FastAPI.
        errors: the mapping of error classes, for errors declared by routes.
    """
    generate: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            _extend(document, errors)
            document_access(app, document, _CONTENT)
        return generate()  # returns the extended document, which FastAPI has cached

    app.openapi = openapi  # type: ignore[method-assign]  # as documented by FastAPI


def _extend(document: dict[str, Any], errors: ErrorMap) -> None:
    paths: dict[str, dict[str, Any]] = document.get("paths", {})
    operations = [(method, path[method]) for path in paths.values() for method in path if method in _METHODS]
    for _, operation in operations:
        _extend_operation(operation, errors)
    _name_operations(operations)
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    _tighten(document)
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    for name in _FASTAPI_OWN:
        schemas.pop(name, None)


def _name_operations(operations: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Name operations after their use cases, with method or tag added to repeated names.

    Operations that remain ambiguous keep FastAPI's name, built from path and method. Each operationId is unique, as
    required by OpenAPI 3.1 (section 4.8.10.1).
    """
    left = [(method, operation, operation.pop(OPERATION)) for method, operation in operations if OPERATION in operation]
    named = {id(operation) for _, operation, _ in left}
    taken = Counter(str(operation.get("operationId")) for _, operation in operations if id(operation) not in named)
    for form in ("{name}", "{name}_{method}", "{tag}_{name}", "{tag}_{name}_{method}"):
        candidates = [
            form.format(name=name, method=method, tag=_word(operation.get("tags"))).lstrip("_")
            for method, operation, name in left
        ]
        taken.update(candidates)
        for (_, operation, _), spelled in zip(left, candidates, strict=True):
            if taken[spelled] == 1:
                operation["operationId"] = spelled
        left = [entry for entry, spelled in zip(left, candidates, strict=True) if taken[spelled] > 1]


def _word(tags: Sequence[Any] | None) -> str:
    """Return the first tag as an identifier."""
    return snake_case(re.sub(r"\W+", "_", str(tags[0]))).strip("_") if tags else ""


def _extend_operation(operation: dict[str, Any], errors: ErrorMap) -> None:
    responses: dict[str, Any] = operation.setdefault("responses", {})
    if _INVALID in str(responses.get("422")):
        responses["422"] = {"description": "The input is invalid", "content": _CONTENT}
    if "requestBody" in operation:
        for status, text in (("400", "The body cannot be read"), ("415", "The body has another media type")):
            responses.setdefault(status, {"description": text, "content": _CONTENT})
    for status, *names in operation.pop(ERRORS, []):
        mapped = errors.of_names(names) or Mapped(status=int(status))
        description = mapped.title or phrase(mapped.status)
        responses.setdefault(str(mapped.status), {"description": description, "content": _CONTENT})
    responses.setdefault("default", {"description": "A problem", "content": _CONTENT})


def _tighten(node: Any) -> None:
    """Document the permitted strings of decimals, which pydantic omits for bounded fields.

    Bounds that FastAPI converted to floats become ints again: as text, the float -2.0**63 is less than -2**63.
    """
    if hasattr(node, "values"):  # a JSON object
        node.update((key, int(node[key])) for key in _BOUNDS & node.keys() if _is_whole(node[key]))
        parts: list[Any] = list(node.values())
        options = node.get("anyOf")
        if hasattr(options, "append"):  # a list, as opposed to a property of the name
            _tighten_decimal(options)
    else:
        parts = node if hasattr(node, "append") else []
    for part in parts:
        _tighten(part)


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _tighten_decimal(options: list[Any]) -> None:
    number = next((option for option in options if option.get("type") == "number" and _BOUNDS & option.keys()), None)
    if number is not None and {"type": "string"} in options:
        is_positive = number.get("minimum", number.get("exclusiveMinimum", -1)) >= 0
        text = {"type": "string", "pattern": _POSITIVE if is_positive else _ANY}
        options[options.index({"type": "string"})] = text
