"""Checks of whole columns, for values of the expected type; checks of single values take far longer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, time
from typing import Any, Final
from uuid import UUID

from vega.patterns.query import Kind
from vega.patterns.query.values import LONGEST_TEXT

_SMALL: Final = 2**62


def all_valid(kind: Kind, values: Sequence[Any]) -> bool:
    """Return whether every value of a kind passes the check and is stored unchanged; False if unsure."""
    known = _CHECKS.get(kind)
    if known is None or set(map(type, values)) != {known[0]}:
        return False
    return known[1](values)


def _texts(values: Sequence[str]) -> bool:
    joined = "".join(values)
    return joined.isascii() and "\0" not in joined and len(joined) <= LONGEST_TEXT


def _always(_: Sequence[Any]) -> bool:
    return True


_CHECKS: Final[dict[Kind, tuple[type, Callable[[Sequence[Any]], bool]]]] = {
    Kind.TEXT: (str, _texts),
    Kind.INT: (int, lambda values: min(values) > -_SMALL and max(values) < _SMALL),
    Kind.FLOAT: (float, lambda values: not any(map(math.isnan, values)) and 0.0 not in values),  # it may be -0.0
    Kind.BOOL: (bool, _always),
    Kind.DATE: (date, _always),
    Kind.TIME: (time, lambda values: all(value.tzinfo is None and not value.fold for value in values)),
    Kind.UUID: (UUID, _always),
    Kind.BYTES: (bytes, lambda values: sum(map(len, values)) <= LONGEST_TEXT),
}
