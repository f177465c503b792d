"""Evaluation of specifications: one recording for all the entities of a loop or a `filter`.

Access to `spec.is_satisfied_by` returns a function that records the predicate at the first entity of each class and
calls the compiled test from then on. So `filter(spec.is_satisfied_by, users)` records once, and a changed specification
is recorded again at the next access. Compiled tests survive the access only if the predicate reads nothing mutable: a
frozen dataclass with hashable fields, whose predicate reads only fields, constants and helpers of
`vega.patterns.query`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from opcode import opmap
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias, TypeVar, cast
from weakref import ref

Test: TypeAlias = Callable[[Any], bool]
Tests: TypeAlias = dict[type, Test]
M = TypeVar("M", bound=Callable[..., Any])
_IMPORT: Final = opmap["IMPORT_NAME"]
_EFFECTS: Final = frozenset({"__import__", "eval", "exec", "globals", "input", "open"})
_CONSTANTS: Final = (str, int, float, bytes, Decimal, type(None))


class _Evaluated:
    """A descriptor that builds the method of an object once per access, for calls with many entities."""

    def __init__(self, method: Callable[..., Any], make: Callable[[Any], Test]) -> None:
        self._method, self._make = method, make
        self.__doc__ = method.__doc__

    def __get__(self, spec: object, _owner: type | None = None) -> Callable[..., Any]:
        return self._method if spec is None else self._make(spec)


def evaluated_by(make: Callable[[Any], Test]) -> Callable[[M], M]:
    """Replace a method by a descriptor: access on an object returns `make(object)`, on the class the method."""

    def decorate(method: M) -> M:
        return cast("M", _Evaluated(method, make))  # called like the method

    return decorate


def recorded_test(spec: object, record: Callable[[type], Test]) -> Test:
    """Return a test that records a specification once for each class of entities.

    Args:
        spec: the specification.
        record: returns the test for the entities of a class.
    """
    tests = _kept.tests(spec)

    def is_satisfied(entity: object) -> bool:
        kind = type(entity)
        test = tests.get(kind)
        if test is None:
            test = tests[kind] = record(kind)
        return test(entity)

    return is_satisfied


class _Kept:
    """The tests of immutable specifications, by identity, each kept for the lifetime of its specification."""

    def __init__(self) -> None:
        self._tests: dict[int, tuple[ref[Any], Tests]] = {}
        self._constant: dict[type, bool] = {}

    def tests(self, spec: object) -> Tests:
        """Return the cached tests of a specification, or an empty table."""
        cached = self._tests.get(id(spec))
        if cached is not None:
            return cached[1]
        tests: Tests = {}
        if self._is_constant(type(spec)) and _is_hashable(spec):
            key = id(spec)
            self._tests[key] = (ref(spec, lambda _: self._tests.pop(key, None)), tests)
        return tests

    def _is_constant(self, kind: type) -> bool:
        is_constant = self._constant.get(kind)
        if is_constant is None:
            is_constant = self._constant[kind] = _reads_constants_only(kind)
        return is_constant


_kept: Final = _Kept()


def _is_hashable(spec: object) -> bool:
    try:
        hash(spec)
        ref(spec)
    except TypeError:  # a mutable field, or slots without room for a weak reference
        return False
    return True


def _reads_constants_only(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    predicate = kind.__dict__.get("predicate")
    if parameters is None or not parameters.frozen or not isinstance(predicate, FunctionType):
        return False
    if predicate.__closure__ or predicate.__defaults__:
        return False
    fields = {field.name for field in dataclasses.fields(kind)}
    space = predicate.__globals__
    return all(
        (name in fields or not hasattr(kind, name))
        and (_is_constant_value(space[name]) if name in space else name not in _EFFECTS)
        for name in _names(predicate.__code__)
    )


def _names(code: CodeType) -> set[str]:
    """Return the names that code and nested functions look up: globals, and attributes of any object."""
    names = set(code.co_names).union(*(_names(part) for part in code.co_consts if isinstance(part, CodeType)))
    return names | {"__import__"} if _IMPORT in code.co_code[::2] else names


def _is_constant_value(value: Any) -> bool:
    if isinstance(value, type):
        return issubclass(value, Enum)
    return isinstance(value, _CONSTANTS) or getattr(value, "__module__", "").startswith("vega.patterns.query")
