"""The plan of a fast route, which is served without FastAPI's dependency solving; read once, when the route is made.

A route is fast when its endpoint is an async function whose parameters are single values of path and query, one JSON
body and the request (what the container injects is hidden from FastAPI). Everything else stays with FastAPI: `Depends`,
headers, cookies, forms, background tasks, streams of items, limits, handlers that something has wrapped.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, final, get_args, get_origin
from uuid import UUID

from fastapi import params
from fastapi.datastructures import DefaultPlaceholder
from fastapi.sse import EventSourceResponse
from starlette.responses import Response

_SINGLE: Final = frozenset({str, int, float, bool, Decimal, UUID, date, datetime, time, timedelta})
_ELSEWHERE: Final = ("dependencies", "header_params", "cookie_params")
_SPECIAL: Final = ("websocket_param_name", "background_tasks_param_name", "response_param_name", "concurrency")
_SCOPES: Final = "security_scopes_param_name"
_REQUESTS: Final = ("request_param_name", "http_connection_param_name")
_DUMP: Final = ("include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none")
_CONSTANT: Final = (str, int, float, bool, Enum, NoneType)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of path or query.

    Attributes:
        name: of the endpoint's parameter.
        alias: its name in the request.
        validate: FastAPI's: value -> (valid value, errors).
        is_required: whether the request must bring it.
        default: what stands for it otherwise; cannot change.
    """

    name: str
    alias: str
    validate: Callable[..., tuple[Any, Sequence[Any]]]
    is_required: bool
    default: Any


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FastRoutePlan:
    """How a fast route is served.

    Attributes:
        call: the endpoint.
        path, query: its values from there.
        requests: the parameters that take the request.
        body: the parameter that takes the body, and what validates it; None for none.
        field: FastAPI's, which validates what the endpoint returns; None when nothing does.
        dump: the options of its serialisation.
        is_json: whether the answer is JSON of FastAPI's own making.
        response_class: what other answers become.
        status: 200-599, or None where the class decides.
        where: the endpoint's function, file, line and path, for the text of errors.
    """

    call: Callable[..., Any]
    path: tuple[Value, ...]
    query: tuple[Value, ...]
    requests: tuple[str, ...]
    body: tuple[str, Callable[..., tuple[Any, Sequence[Any]]]] | None
    field: Any
    dump: dict[str, Any]
    is_json: bool
    response_class: type[Response]
    status: int | None
    where: dict[str, Any]


def plan_fast_route(route: Any) -> FastRoutePlan | None:
    """Return the plan of a route that can be fast, or None.

    Args:
        route: what FastAPI reads its handler's settings from: an `APIRoute`, or one as it is included in a router.
    """
    needed = route.dependant
    call, chosen = needed.call, route.response_class
    response_class = chosen.value if isinstance(chosen, DefaultPlaceholder) else chosen
    path, query = _values(needed.path_params, params.Path), _values(needed.query_params, params.Query)
    if path is None or query is None or _is_elsewhere(route, needed) or issubclass(response_class, EventSourceResponse):
        return None
    requests = tuple(name for kind in _REQUESTS if (name := getattr(needed, kind)))
    body = (route.body_field.name, route.body_field.validate) if route.body_field else None
    supplied = {*requests, *(each.name for each in (*path, *query)), *([body[0]] if body else ())}
    if supplied != set(inspect.signature(call).parameters):  # a kind of parameter that is not known here
        return None
    return FastRoutePlan(
        call=call,
        path=path,
        query=query,
        requests=requests,
        body=body,
        field=route.response_field,
        dump={name: getattr(route, f"response_model_{name}") for name in _DUMP},
        is_json=route.response_field is not None and isinstance(chosen, DefaultPlaceholder),
        response_class=response_class,
        status=route.status_code,
        where=_where(call, needed.path),
    )


def _where(endpoint: Any, path: str) -> dict[str, Any]:
    code = inspect.unwrap(endpoint).__code__ if inspect.isfunction(endpoint) else None
    found = {} if code is None else {"file": code.co_filename, "line": code.co_firstlineno}
    return {**found, "function": getattr(endpoint, "__name__", ""), "path": path}


def _is_elsewhere(route: Any, needed: Any) -> bool:
    """Tell whether a route needs what only FastAPI's own handler does."""
    if any(getattr(needed, name) for name in (*_ELSEWHERE, *_SPECIAL, _SCOPES)) or route.max_body_size is not None:
        return True
    call = needed.call
    while isinstance(call, partial):
        call = call.func
    if not inspect.iscoroutinefunction(call):  # a thread, a stream of items, or an object that is called
        return True
    bodies = needed.body_params
    if not bodies:
        return False
    is_whole = len(bodies) == 1 and route.body_field is bodies[0] and type(bodies[0].field_info) is params.Body
    return not is_whole


def _values(fields: Sequence[Any], kind: type[Any]) -> tuple[Value, ...] | None:
    found = [_value(field, kind) for field in fields]
    values = tuple(value for value in found if value is not None)
    return values if len(values) == len(found) else None


def _value(field: Any, kind: type[Any]) -> Value | None:
    info, alias = field.field_info, field.alias
    is_required = info.is_required()
    default = None if is_required else info.default
    is_usual = type(info) is kind and not field.config and info.validation_alias in {None, alias}
    is_usual = is_usual and not info.validate_default and info.default_factory is None
    if not is_usual or not _is_single(info.annotation) or not isinstance(default, _CONSTANT):
        return None
    return Value(name=field.name, alias=alias, validate=field.validate, is_required=is_required, default=default)


def _is_single(hint: Any) -> bool:
    """Tell whether a request gives a value of this type once, as one text."""
    if get_origin(hint) in {Union, UnionType}:
        return all(each is NoneType or _is_single(each) for each in get_args(hint))
    if get_origin(hint) is Literal:
        return True
    return hint in _SINGLE or (isinstance(hint, type) and issubclass(hint, Enum))
