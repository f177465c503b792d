"""Query parameters of lists: pages, and the filters of a `FilterSet`; documented in OpenAPI."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, cast, get_args, get_type_hints

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError

from vega.patterns.query import FilterSet

from .._errors import RouteError
from .strict_types import INT_END, LEAST_INT, NO_NUL, text_checks, text_typed

_TEXTS: Final = frozenset({"like", "ilike", "contains", "startswith", "endswith"})
_LISTS: Final = frozenset({"in", "not_in", "between"})
_MEANING: Final = {
    "ne": "is not",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is greater than",
    "ge": "is at least",
    "in": "is one of (separated by commas)",
    "not_in": "is none of (separated by commas)",
    "between": "is between two values (separated by a comma)",
    "is_null": "is empty",
}
_PAGE: Final = 20
_LONGEST_VALUE: Final = 1000  # characters, as `FilterSet` reads them
_BOUNDS: Final[dict[Any, dict[str, Any]]] = {  # limits of stores
    int: {"ge": LEAST_INT, "lt": INT_END},
    Decimal: {"ge": -(10**25), "le": 10**25},
    str: {"pattern": NO_NUL, "max_length": _LONGEST_VALUE},
}
_LIKE: Final[dict[str, Any]] = {  # a backslash must escape a character
    "pattern": r"^([^\x00\\]|\\[^\x00])*$",
    "max_length": _LONGEST_VALUE,
}
_LIST: Final[dict[str, Any]] = {"pattern": NO_NUL}  # the separated values have their own bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The requested page.

    Attributes:
        number: from 1.
        size: the number of entries on a full page.
    """

    number: int
    size: int

    @property
    def offset(self) -> int:
        """The number of entries before the page."""
        return (self.number - 1) * self.size


def paging(*, size: int = _PAGE, max_size: int = 100) -> Callable[..., PageRequest]:
    """Return a dependency that reads `page` and `size`: `Annotated[PageRequest, Depends(paging())]`.

    Args:
        size: the default size of a page.
        max_size: the maximum size of a page.
    """

    def read(
        page: Annotated[int, Query(ge=1, le=10**9, description="which page, from 1")] = 1,
        size: Annotated[int, Query(ge=1, le=max_size, description="entries of a page")] = size,
    ) -> PageRequest:
        return PageRequest(number=page, size=size)

    read.__annotations__.update(
        page=Annotated[int, Query(ge=1, le=10**9, description="which page, from 1")],
        size=Annotated[int, Query(ge=1, le=max_size, description="entries of a page")],
    )
    return read


class FilterParameters:
    """A dependency that reads the filters that a `FilterSet` allows for an entity.

    OpenAPI documents each parameter with its type. The dependency returns the pairs of the query string, for
    `FilterSet.page` or `FilterSet.apply`, which refuse undeclared filters:

        Filters = Annotated[list[tuple[str, str]], Depends(FilterParameters(USER_FILTERS, User))]

    Args:
        filters: the allowed filters.
        entity: the class with the annotated fields.
        numbered: whether the page parameters are `page` and `size`; else `limit` and `offset`.

    Raises:
        RouteError: the entity lacks a field of the filters.
    """

    def __init__(self, filters: FilterSet, entity: type, *, numbered: bool = True) -> None:
        self._filters, self._entity, self._numbered = filters, entity, numbered
        request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
        parameters = list(self._parameters())
        self._names = {parameter.name: _alias(parameter) for parameter in parameters}
        self.__signature__: inspect.Signature = inspect.Signature([request, *parameters])

    async def __call__(self, **values: Any) -> list[tuple[str, str]]:
        """Return the pairs of the query string, with declared parameters in plain form: `2` for `2.0`.

        Raises:
            RequestValidationError: a parameter is repeated.
        """
        request: Request = values.pop("request")
        names = self._names
        _refuse_repeated(request, names.values())
        read = {names[key]: _text(value) for key, value in values.items() if value is not None}
        return [(name, read.get(name, text)) for name, text in request.query_params.multi_items()]

    def _parameters(self) -> Iterator[inspect.Parameter]:
        number = 0
        for path, operators in sorted(self._filters.allow.items()):
            kind = _type_of(self._entity, path)
            for operator in sorted(operators):
                name = path if operator == "eq" else f"{path}__{operator}"
                description = f"{path} {_MEANING.get(operator, operator if operator in _TEXTS else 'is')}"
                yield _parameter(
                    f"filter_{number}", name, _value_type(kind, operator), description, _bounds(kind, operator)
                )
                number += 1
        if list(self._filters.sort):
            yield _sort_parameter(sorted(self._filters.sort))
        largest = self._filters.max_limit
        for name, least, most in (
            (("page", 1, 10**9), ("size", 1, largest))
            if self._numbered
            else (("limit", 0, largest), ("offset", 0, 10**9))
        ):
            hint = Annotated[int | None, Query(ge=least, le=most)]
            yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=None)


def _sort_parameter(keys: list[str]) -> inspect.Parameter:
    names = [re.escape(key) for key in keys]
    key = f"-?({'|'.join(names)})"
    description = f"by what to sort, of {', '.join(keys)}, each at most once; - before one sorts downwards"
    pattern = f"{key}(,{key}){{0,{len(keys) - 1}}}$"
    once = "".join(
        f"(?!(.*,)?-?{name},(.*,)?-?{name}(,|$))" for name in names
    )  # the pattern language of pydantic has no lookahead
    hint: Any = Annotated[
        str | None,
        Query(description=description, pattern=f"^{pattern}", json_schema_extra={"pattern": f"^{once}{pattern}"}),
    ]
    return inspect.Parameter("sort", inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=None)


def _refuse_repeated(request: Request, names: Iterable[str]) -> None:
    repeated = [name for name in names if len(request.query_params.getlist(name)) > 1]
    if repeated:
        problem = {"type": "repeated", "msg": "Input should be given once", "input": None}
        raise RequestValidationError([{**problem, "loc": ("query", name)} for name in repeated])


def _parameter(name: str, alias: str, kind: Any, description: str, bounds: dict[str, Any]) -> inspect.Parameter:
    metadata = Query(**bounds).metadata
    value_type: Any = text_typed(kind, metadata) | None
    if kind is Decimal:  # the check must follow the bounds
        parts = (value_type, *metadata, *text_checks(kind, metadata), Query(alias=alias, description=description))
        hint: Any = cast("Any", Annotated)[parts]  # built at run time
    else:
        hint = Annotated[value_type, Query(alias=alias, description=description, **bounds)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=None)


def _alias(parameter: inspect.Parameter) -> str:
    named = (getattr(mark, "alias", None) for mark in get_args(parameter.annotation)[1:])
    return next((alias for alias in named if alias), parameter.name)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _value_type(kind: Any, operator: str) -> Any:
    if operator == "is_null":
        return bool
    return str if operator in _LISTS | _TEXTS else kind


def _bounds(kind: Any, operator: str) -> dict[str, Any]:
    if operator in _LISTS:
        return _LIST
    return _LIKE if operator in {"like", "ilike"} else _BOUNDS.get(_value_type(kind, operator), {})


def _type_of(entity: type, path: str) -> Any:
    """Return the type of a field by its dotted path, without None."""
    kind: Any = entity
    for name in path.split("."):
        hints = get_type_hints(kind) if isinstance(kind, type) else {}
        if name not in hints:
            raise RouteError(f"{entity.__name__} has no field {path}", "FilterParameters", "fix the FilterSet")
        kind = _without_none(hints[name])
    return kind


def _without_none(hint: Any) -> Any:
    some = [argument for argument in get_args(hint) if argument is not type(None)]
    return some[0] if len(some) == 1 and type(None) in get_args(hint) else hint
