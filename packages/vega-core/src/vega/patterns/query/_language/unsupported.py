"""What Python does with a recording without asking it, or asks and gets no answer: told as errors of predicates."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

from .._errors import InvalidPredicateError, UnsupportedPredicateError

if TYPE_CHECKING:  # at run time only where a predicate is first seen: it takes a while to load
    from dis import Instruction

_RECORDINGS: Final = re.compile(r"\b(FieldExpr|Fields|Condition)\b")
_FIXES: Final = {
    "subscriptable": "store what the subscript gives in a field, or in a value object: u.place.city",
    "callable": "name the field without parentheses, and ask it by contains(...), like(...), between(...)",
    "len()": "store the number in a field; of a collection, ask any_(u.lines, lambda line: ...)",
}
_OTHER_FIX: Final = "compare the field itself; convert or compute the constant, or store what is computed in a field"
_LOADS: Final = ("LOAD_FAST", "LOAD_DEREF")
_seen: WeakKeyDictionary[CodeType, str] = WeakKeyDictionary()


@contextmanager
def refusals() -> Generator[None]:
    """Tell what Python itself refuses to do with a recording: a subscript, a call, a length, a conversion.

    Raises:
        UnsupportedPredicateError: in place of the TypeError of Python.
    """
    try:
        yield
    except TypeError as error:
        said = str(error)
        if not _RECORDINGS.search(said):
            raise
        fix = next((fix for word, fix in _FIXES.items() if word in said), _OTHER_FIX)
        raise UnsupportedPredicateError(f"this cannot be recorded: {said}", "a predicate", fix) from error


def refuse_identity(predicate: Callable[..., Any]) -> None:
    """Refuse a predicate that asks `is` or `is not` of a field: Python answers that itself, unheard.

    `u.age is None or u.active` would be recorded as `u.active` alone. The code is read once for each function; a
    field that went into a variable first is not followed.

    Raises:
        InvalidPredicateError: it does.
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
            f"`is` cannot be recorded: Python answers `{field} is ...` by itself",
            "a predicate",
            f"write is_null({field}) or is_not_null({field})",
        )


def _asked_by_identity(code: CodeType, position: int) -> str:
    """Return the field that the code asks `is` of, empty when there is none."""
    if code.co_argcount <= position:
        return ""
    from dis import get_instructions

    entity = code.co_varnames[position]
    steps = [one for one in get_instructions(code) if one.opname not in {"CACHE", "EXTENDED_ARG", "NOT_TAKEN"}]
    for start, step in enumerate(steps):
        if step.opname.startswith(_LOADS) and _loaded(step) == entity:
            end = start + 1
            while end < len(steps) and steps[end].opname == "LOAD_ATTR":
                end += 1
            if end > start + 1 and _is_identity(steps[end : end + 2]):
                return ".".join([entity, *(str(one.argval) for one in steps[start + 1 : end])])
    return ""


def _loaded(step: Instruction) -> object:
    """Return the name that is on top of the stack: one instruction may load two."""
    loaded: Any = step.argval
    return cast("tuple[str, ...]", loaded)[-1] if isinstance(loaded, tuple) else loaded


def _is_identity(following: Sequence[Instruction]) -> bool:
    """Tell whether the next steps compare by identity, at once or with what is loaded first."""
    names = [one.opname for one in following]
    first, second = (*names, "", "")[:2]
    return first == "IS_OP" or first.endswith("_NONE") or (first.startswith("LOAD_") and second == "IS_OP")
