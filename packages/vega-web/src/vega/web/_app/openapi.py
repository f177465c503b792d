"""OpenAPI tells the problem documents that every operation may answer with."""

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
    """Have the OpenAPI document of an application say what it answers when something fails.

    Args:
        app: the application; its `openapi` is extended, as FastAPI documents.
        errors: what classes of errors become, for the errors that a route declares.
    """
    made: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            _extend(document, errors)
            document_access(app, document, _CONTENT)
        return made()  # which keeps the document that was extended

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


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
    """Name operations after their use cases; those of one name after method or tag too.

    Operations that no such name distinguishes keep the one that FastAPI makes of path and method. Each is unique, as
    the OpenAPI Specification 3.1 asks for (section 4.8.10.1, operationId).
    """
    left = [(method, operation, operation.pop(OPERATION)) for method, operation in operations if OPERATION in operation]
    named = {id(operation) for _, operation, _ in left}
    taken = Counter(str(operation.get("operationId")) for _, operation in operations if id(operation) not in named)
    for form in ("{name}", "{name}_{method}", "{tag}_{name}", "{tag}_{name}_{method}"):
        made = [
            form.format(name=name, method=method, tag=_word(operation.get("tags"))).lstrip("_")
            for method, operation, name in left
        ]
        taken.update(made)
        for (_, operation, _), spelled in zip(left, made, strict=True):
            if taken[spelled] == 1:
                operation["operationId"] = spelled
        left = [each for each, spelled in zip(left, made, strict=True) if taken[spelled] > 1]


def _word(tags: Sequence[Any] | None) -> str:
    """Return the first tag as a word of an identifier."""
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
    """Say of decimals what texts they may be, which pydantic leaves out where a bound is declared.

    Bounds that FastAPI made floats become ints again: the text of the float -2.0**63 means less than -2**63.
    """
    if hasattr(node, "values"):  # an object of JSON
        node.update((key, int(node[key])) for key in _BOUNDS & node.keys() if _is_whole(node[key]))
        parts: list[Any] = list(node.values())
        options = node.get("anyOf")
        if hasattr(options, "append"):  # a list, and no property of that name
            _tighten_decimal(options)
    else:
        parts = node if hasattr(node, "append") else []
    for part in parts:
        _tighten(part)


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _tighten_decimal(options: list[Any]) -> None:
    number = next((each for each in options if each.get("type") == "number" and _BOUNDS & each.keys()), None)
    if number is not None and {"type": "string"} in options:
        is_positive = number.get("minimum", number.get("exclusiveMinimum", -1)) >= 0
        text = {"type": "string", "pattern": _POSITIVE if is_positive else _ANY}
        options[options.index({"type": "string"})] = text
