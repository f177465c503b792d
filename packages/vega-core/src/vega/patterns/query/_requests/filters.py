"""Filters of a request: declared names only, parsed by the type of the field; mistakes become status 422."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from .._errors import (
    FilterNotAllowedError,
    InvalidFilterError,
    InvalidPageError,
    InvalidValueError,
    UnknownOperatorError,
    shown,
)
from .._fields.kinds import Kind
from .._language.builders import from_words
from .._language.nodes import Field
from .._query.pages import Page
from .._query.query import Operator, Query

T = TypeVar("T")
_WORDS: Final[dict[str, str]] = {
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "like": "like",
    "ilike": "ilike",
    "contains": "contains",
    "startswith": "startswith",
    "endswith": "endswith",
    "in": "in",
    "not_in": "not in",
    "between": "between",
    "is_null": "is null",
}
_LISTS: Final = frozenset({"in", "not_in", "between"})
_LONGEST_LIST: Final = 1000
_LONGEST_VALUE: Final = 1000
_MOST_FILTERS: Final = 100
_OF_PAGES: Final = frozenset({"limit", "offset", "page", "size", "sort"})
_PAGE: Final = 20
_DIGITS: Final = re.compile(r"[0-9]{1,10}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSet:
    """The filters that a request may use: fields with operators, sort keys, and the maximum page size.

    A request writes `email__like=%25@gmail.com&age__ge=18&sort=-name,id&limit=20&offset=40`; a name without an operator
    means `eq`. Commas separate the values of a list.

    A request has at most 100 filters. A value has at most 1,000 characters, a list at most 1,000 values. A sort key
    appears once.

    Args:
        allow: the operators of each field, by dotted path: eq ne lt le gt ge like ilike contains
            startswith endswith in not_in between is_null.
        sort: the fields to sort by; a request prefixes `-` for descending order.
        max_limit: the maximum page size, at least 1; the default for a request without a limit.
        ignore: names to skip, used for other purposes.

    Raises:
        UnknownOperatorError: `allow` names an unknown operator.

    >>> FilterSet(allow={"age": {"ge", "le"}}, sort={"name"}, max_limit=50).max_limit
    50
    """

    allow: Mapping[str, Iterable[str]] = field(default_factory=dict[str, "Iterable[str]"])
    sort: Iterable[str] = ()
    max_limit: int = 100
    ignore: Iterable[str] = ()

    def __post_init__(self) -> None:
        for name, operators in self.allow.items():
            for operator in (operators,) if isinstance(operators, str) else operators:
                if operator not in _WORDS:
                    raise UnknownOperatorError(
                        f"there is no operator {shown(operator)}", f"FilterSet of {name}", f"use {', '.join(_WORDS)}"
                    )
        if self.max_limit < 1:
            raise InvalidPageError("max_limit is less than 1", "FilterSet")
        object.__setattr__(self, "allow", {name: frozenset(_each(words)) for name, words in self.allow.items()})
        object.__setattr__(self, "sort", frozenset(_each(self.sort)))
        object.__setattr__(self, "ignore", frozenset(_each(self.ignore)))

    def apply(self, query: Query[T], request: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Query[T]:
        """Narrow a query by the filters of a request.

        Args:
            query: the query to narrow.
            request: names and values, such as the items of a query string; names may repeat.

        Raises:
            FilterNotAllowedError: a name, operator or sort key is not declared; the message does not list the declared
                names.
            InvalidFilterError, InvalidPageError: a value does not parse as the type of the field, or a bound is
                exceeded.
        """
        limit: int | None = None
        named: set[str] = set()  # the keys of sort
        for name, value in self._pairs(request):
            if name == "limit":
                limit = _whole(value, "limit")
            elif name == "offset":
                query = query.offset(_whole(value, "offset"))
            elif name == "sort":
                query = self._sorted(query, value, named)
            else:
                query = self._filtered(query, name, value)
        if limit is not None and limit > self.max_limit:
            raise InvalidPageError(f"the limit is larger than {self.max_limit}", "the request", "ask for less")
        return query.limit(self.max_limit if limit is None else limit)

    async def page(self, query: Query[T], request: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Page[T]:
        """Return the numbered page of a request, from the filters, `sort`, `page` and `size`.

        Args:
            query: the query to narrow.
            request: as in `apply`, with `page` (from 1; default 1) and `size` (from 1 to `max_limit`; default 20, or
                `max_limit` if smaller) instead of `limit` and `offset`.

        Raises:
            FilterNotAllowedError: a name, operator or sort key is not declared.
            InvalidFilterError, InvalidPageError: a value does not parse, or a bound is exceeded.
        """
        number, size = 1, min(_PAGE, self.max_limit)
        named: set[str] = set()  # the keys of sort
        for name, value in self._pairs(request):
            if name == "page":
                number = _whole(value, "page")
            elif name == "size":
                size = _whole(value, "size")
            elif name == "sort":
                query = self._sorted(query, value, named)
            else:
                query = self._filtered(query, name, value)
        if size > self.max_limit:
            raise InvalidPageError(f"the size is larger than {self.max_limit}", "the request", "ask for less")
        return await query.page(number, size)

    def _pairs(self, request: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Return the names and values of a request, except ignored names."""
        pairs = [pair for pair in _items(request) if pair[0] not in self.ignore]
        if sum(name not in _OF_PAGES for name, _ in pairs) > _MOST_FILTERS:
            raise InvalidFilterError(f"the request has more than {_MOST_FILTERS} filters", "the request", "send fewer")
        return pairs

    def _sorted(self, query: Query[T], value: object, named: set[str]) -> Query[T]:
        for word in _text(value, "sort").split(","):
            path = word.removeprefix("-")
            if path not in cast("frozenset[str]", self.sort):  # a frozenset since __post_init__
                raise FilterNotAllowedError(f"cannot sort by {shown(path)}", "the request")
            if path in named:
                raise InvalidFilterError(f"{shown(path)} is named twice in sort", "the request", "name a key once")
            named.add(path)
            query = query.order_by(path, "desc" if word.startswith("-") else "asc")
        return query

    def _filtered(self, query: Query[T], name: object, value: object) -> Query[T]:
        path, _, operator = name.rpartition("__") if isinstance(name, str) and "__" in name else (name, "", "eq")
        allowed: Iterable[str] = self.allow.get(path, ()) if isinstance(path, str) else ()
        if operator not in allowed:
            raise FilterNotAllowedError(f"cannot filter by {shown(name)}", "the request")
        target = Field(query.plan.fields.resolve(path))
        if operator == "is_null":
            is_null = _read_bool(_text(value, str(path)), str(path))
            return query.where(str(path), "is null" if is_null else "is not null")
        read: Any = _read_list(target, value) if operator in _LISTS else _read(target, value)
        try:
            from_words(target, _WORDS[str(operator)], read)
        except InvalidValueError as error:
            raise InvalidFilterError(error.what, error.where, error.fix) from None
        return query.where(str(path), cast("Operator", _WORDS[str(operator)]), read)  # a value of the table above


def _items(request: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    if isinstance(request, Mapping):
        return list(cast("Mapping[str, Any]", request).items())
    return list(request)


def _each(words: Iterable[str]) -> Iterable[str]:
    return (words,) if isinstance(words, str) else words


def _read_list(target: Field, value: object) -> list[Any]:
    several = isinstance(value, list | tuple)
    parts = list(cast("Iterable[object]", value)) if several else [*_text(value, str(target)).split(",")]
    if len(parts) > _LONGEST_LIST:
        raise InvalidFilterError(f"the list has more than {_LONGEST_LIST} values", f"the filter {target}", "send fewer")
    return [_read(target, part) for part in parts]


def _read(target: Field, value: object) -> Any:
    if not isinstance(value, str):
        return value
    kind, where = target.info.kind, f"the filter {target}"
    if len(value) > _LONGEST_VALUE:
        raise InvalidFilterError(f"the value has more than {_LONGEST_VALUE} characters", where, "send a shorter value")
    try:
        if kind is Kind.ENUM:
            return _read_enum(target.info.type, value)
        reader = _READERS.get(kind)
        return value if reader is None else reader(value)
    except (ValueError, InvalidOperation, KeyError, OverflowError):
        raise InvalidFilterError(f"{shown(value)} is not a valid {kind}", where) from None


def _read_enum(kind: type[Enum], text: str) -> Enum:
    for member in kind:
        if text == member.value or text == member.name:
            return member
    raise KeyError(text)


def _read_bool(text: str, where: str) -> bool:
    try:
        return _BOOLS[text.lower()]
    except KeyError:
        raise InvalidFilterError(f"{shown(text)} is not a bool", f"the filter {where}", "write true or false") from None


def _text(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise InvalidFilterError(f"{shown(value)} is not text", f"the request's {name}")
    return value


def _whole(value: object, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _DIGITS.match(value):
        raise InvalidPageError(f"{name} is {shown(value)}, which is not a whole number", "the request")
    return int(value)


def _int(text: str) -> int:
    if len(text) > _LONGEST_INT:
        raise ValueError(text)
    return int(text)


_LONGEST_INT: Final = 25
_BOOLS: Final = {"true": True, "1": True, "false": False, "0": False}
_READERS: Final[dict[Kind, Callable[[str], Any]]] = {
    Kind.INT: _int,
    Kind.FLOAT: float,
    Kind.DECIMAL: Decimal,
    Kind.BOOL: lambda text: _BOOLS[text.lower()],
    Kind.DATE: date.fromisoformat,
    Kind.DATETIME: datetime.fromisoformat,
    Kind.NAIVE_DATETIME: datetime.fromisoformat,
    Kind.TIME: time.fromisoformat,
    Kind.UUID: UUID,
}
