"""Cursors: signed positions in an order, which clients can return but not change."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, Final, cast

from .._errors import InvalidCursorError
from .._fields.constants import instant
from .._fields.kinds import Kind
from .._language.nodes import Always, Compare, Comparison, Field, IsNull, Node, Not, all_of, any_of, children
from .json_values import dump_value, load_value
from .plan import Nulls, Order, QueryPlan

_TAG_BYTES: Final = 16
_LONGEST: Final = 8192
_FIX: Final = "start again without a cursor, from the first page of this query"


def encode(entity: object, order: tuple[Order, ...], plan: QueryPlan, secret: bytes) -> str:
    """Return the cursor of an entity."""
    keys = [dump_value(key.field, value_of(entity, key.field)) for key in order]
    payload = json.dumps([_fingerprint(plan, order), keys], separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_tag(payload, secret) + payload).decode().rstrip("=")


def decode(text: object, order: tuple[Order, ...], plan: QueryPlan, secret: bytes) -> list[Any]:
    """Return the key values of a cursor.

    Raises:
        InvalidCursorError: the cursor was changed, signed with another key, or belongs to another query.
    """
    if not isinstance(text, str) or len(text) > _LONGEST or not text.isascii():
        raise InvalidCursorError("this is not a cursor", "a query", _FIX)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursorError("this is not a cursor", "a query", _FIX) from None
    tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(payload, secret)):
        raise InvalidCursorError("the cursor was changed", "a query", _FIX)
    fingerprint, keys = json.loads(payload)
    if fingerprint != _fingerprint(plan, order):
        raise InvalidCursorError("the cursor belongs to another query", "a query", _FIX)
    return [load_value(key.field, value) for key, value in zip(order, keys, strict=True)]


def beyond(order: tuple[Order, ...], values: list[Any]) -> tuple[Node, ...]:
    """Return the conditions for the entities after a position: one or two parts, in order.

    The first key is missing throughout one part and present throughout the other, so that a database can use an index
    for the start of either.
    """
    first, value, behind = order[0], values[0], _behind(order[1:], values[1:])
    missing = IsNull(first.field)
    if value is None:
        return (all_of(missing, behind), *((Not(missing),) if first.nulls is Nulls.FIRST else ()))
    later = _past(first, value)
    start = Compare(Comparison.LE if first.descending else Comparison.GE, first.field, value)
    here = all_of(start, any_of(later, behind)) if order[1:] else later
    return (here, missing) if first.field.nullable and first.nulls is Nulls.LAST else (here,)


def _behind(order: tuple[Order, ...], values: list[Any]) -> Node:
    steps: list[Node] = []
    same: list[Node] = []
    for key, value in zip(order, values, strict=True):
        steps.append(all_of(*same, _after(key, value)))
        same.append(IsNull(key.field) if value is None else Compare(Comparison.EQ, key.field, value))
    return any_of(*steps)


def _after(key: Order, value: Any) -> Node:
    if value is None:
        return Always(value=False) if key.nulls is Nulls.LAST else Not(IsNull(key.field))
    if key.field.nullable and key.nulls is Nulls.LAST:
        return any_of(_past(key, value), IsNull(key.field))
    return _past(key, value)


def _past(key: Order, value: Any) -> Node:
    return Compare(Comparison.LT if key.descending else Comparison.GT, key.field, value)


def _tag(payload: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, payload, hashlib.sha256).digest()[:_TAG_BYTES]


def _fingerprint(plan: QueryPlan, order: tuple[Order, ...]) -> str:
    parts = [plan.fields.entity.__qualname__]
    parts += [f"{key.field} {key.descending} {key.nulls}" for key in order]
    parts += [describe(node) for node in plan.nodes]
    parts += [f"{type(spec).__qualname__}{sorted(vars(spec).items())!r}" for spec in plan.specs]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def describe(node: Node) -> str:
    """Return a text that is equal for equal nodes, in every process."""
    inner = ",".join(describe(child) for child in children(node))
    own = ",".join(_describe_part(getattr(node, name)) for name in type(node).__dataclass_fields__)
    return f"{type(node).__name__}({own};{inner})"


def _describe_part(part: Any) -> str:
    if isinstance(part, Field):
        return str(part)
    if isinstance(part, frozenset):
        return "{" + ",".join(sorted(map(repr, cast("frozenset[object]", part)))) + "}"
    if isinstance(part, tuple) or hasattr(part, "__dataclass_fields__"):
        return ""  # children are described separately
    return repr(part)


def value_of(entity: object, field: Field) -> Any:
    """Return the comparable value of a field; None when it, or an object on the path, is missing."""
    value: Any = entity
    for info in field.path:
        value = getattr(value, info.name) if value is not None else None
    return instant(value) if field.info.kind is Kind.DATETIME else value
