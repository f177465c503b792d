"""Errors for operations that predicates cannot record: `is`, subscripts, calls, `len`, conversions."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

from .._errors import InvalidPredicateError, UnsupportedPredicateError

if TYPE_CHECKING:  # imported at run time at the first predicate, since the import is slow
    from dis import Instruction

_RECORDINGS: Final = re.compile(r"\b(FieldExpr|Fields|Condition)\b")
_FIXES: Final = {
    "subscriptable": "store the subscripted value in a field, or in a value object: u.place.city",
    "callable": "name the field without parentheses, and use contains(...), like(...), between(...)",
    "len()": "store the number in a field; for a collection use any_(u.lines, lambda line: ...)",
}
_OTHER_FIX: Final = "compare the field itself; convert or compute the constant, or store the computed value in a field"
_LOADS: Final = ("LOAD_FAST", "LOAD_DEREF")
_seen: WeakKeyDictionary[CodeType, str] = WeakKeyDictionary()


@contextmanager
def refusals() -> Generator[None]:
    """Translate Python's TypeError for a recording: a subscript, a call, a length, a conversion.

    Raises:
        UnsupportedPredicateError: in place of the TypeError of Python.
    """
    try:
        yield
    except TypeError as error:
        message = str(error)
        if not _RECORDINGS.search(message):
            raise
        fix = next((fix for word, fix in _FIXES.items() if word in message), _OTHER_FIX)
        raise UnsupportedPredicateError(f"this cannot be recorded: {message}", "a predicate", fix) from error


def refuse_identity(predicate: Callable[..., Any]) -> None:
    """Refuse a predicate that applies `is` or `is not` to a field: Python offers no hook to record identity.

    `u.age is None or u.active` would be recorded as `u.active` alone. The bytecode is scanned once for each function; a
    field first assigned to a variable is not followed.

    Raises:
        InvalidPredicateError: the predicate applies `is` to a field.
    """
    function = getattr(predicate, "__func__", predicate)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return
    field = _seen.get(code)
    if field is None:
        field = _seen[code] = _asked_by_identity(code, 0 if function is predicate else 1)
    if field:
        raise InvalidPredicateError(
            f"`is` cannot be recorded: Python evaluates `{field} is ...` without the recorder",
            "a predicate",
            f"write is_null({field}) or is_not_null({field})",
        )


def _asked_by_identity(code: CodeType, position: int) -> str:
    """Return the field that the code compares by identity, or an empty string."""
    if code.co_argcount <= position:
        return ""
    from dis import get_instructions

    entity = code.co_varnames[position]
    steps = [step for step in get_instructions(code) if step.opname not in {"CACHE", "EXTENDED_ARG", "NOT_TAKEN"}]
    for start, step in enumerate(steps):
        if step.opname.startswith(_LOADS) and _loaded(step) == entity:
            end = start + 1
            while end < len(steps) and steps[end].opname == "LOAD_ATTR":
                end += 1
            if end > start + 1 and _is_identity(steps[end : end + 2]):
                return ".".join([entity, *(str(part.argval) for part in steps[start + 1 : end])])
    return ""


def _loaded(step: Instruction) -> object:
    """Return the name on top of the stack; an instruction may load two."""
    loaded: Any = step.argval
    return cast("tuple[str, ...]", loaded)[-1] if isinstance(loaded, tuple) else loaded


def _is_identity(following: Sequence[Instruction]) -> bool:
    """Return whether the next steps compare by identity, directly or after a load."""
    names = [instruction.opname for instruction in following]
    first, second = (*names, "", "")[:2]
    return first == "IS_OP" or first.endswith("_NONE") or (first.startswith("LOAD_") and second == "IS_OP")
