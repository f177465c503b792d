"""Regular expressions of the packages match in time linear in the text, by construction."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import vega

_parser: Any = importlib.import_module("re._parser")  # the tree of a pattern, which re shows nowhere else
_compiler: Any = importlib.import_module("re._compiler")
CHARACTERS = [chr(code) for code in range(256)] + ["٣", "\u2003", "ł", "中"]
SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield each pattern that a module compiles when it is imported."""
    for module in pkgutil.walk_packages(vega.__path__, "vega."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{module.name}.{name}", value


FOUND = dict(patterns())


@pytest.mark.parametrize("name", sorted(FOUND))
def test_each_pattern_is_linear(name: str) -> None:
    assert is_linear(FOUND[name])


@pytest.mark.parametrize(
    "pattern", [r"\s*[+-]?[\d_]*\.?[\d_]*\s*", r"(a+)+b", r".*@.*x", r"(a|b)*[bc]*d", r"a*(?:a|x)?a*b", r"a*a*+b"]
)
def test_a_pattern_with_two_ways_to_divide_a_text_is_found(pattern: str) -> None:
    assert not is_linear(re.compile(pattern))


@pytest.mark.parametrize("pattern", [r"[a-z0-9]+(?:-[a-z0-9]+)*", r"a*b+a*", r"\s*+\s*+x", r"(?>a*)b*c", r"a{1,255}a*"])
def test_a_pattern_with_one_way_to_divide_a_text_is_accepted(pattern: str) -> None:
    assert is_linear(re.compile(pattern))


def is_linear(pattern: re.Pattern[Any]) -> bool:
    """Return whether no two unbounded repetitions can share a run of characters."""
    try:
        _end(_parser.parse(pattern.pattern, pattern.flags), frozenset())
    except _AmbiguousError:
        return False
    return True


class _AmbiguousError(Exception):
    pass


Open = frozenset[frozenset[str]]  # the characters of repetitions that may still give some back


def _end(sequence: Any, before: Open) -> Open:
    """Return the repetitions that are open after a part of a pattern."""
    for op, argument in sequence:
        before = _step(sequence.state, op, argument, before)
    return before


def _step(state: Any, op: Any, argument: Any, before: Open) -> Open:
    name = str(op)
    if name in SINGLE:
        characters = _characters(state, op, argument)
        return frozenset(one for one in before if one & characters)
    if name in REPEATS:
        return _repeat(state, name, argument, before)
    if name == "SUBPATTERN":
        return _end(argument[-1], before)
    if name == "ATOMIC_GROUP":
        _end(argument, before)
        return before
    if name == "BRANCH":
        return frozenset().union(*(_end(branch, before) for branch in argument[1]))
    if name in {"ASSERT", "ASSERT_NOT"}:
        _end(argument[1], frozenset())
        return before
    assert name == "AT", f"{name} is not known here"
    return before


def _repeat(state: Any, name: str, argument: Any, before: Open) -> Open:
    least, most, inner = argument
    after = _end(inner, before)
    if most is _parser.MAXREPEAT:
        if len(inner) == 1 and str(inner[0][0]) in SINGLE:
            characters = _characters(state, *inner[0])
            if any(one & characters for one in before):
                raise _AmbiguousError
            after = frozenset({characters})
        else:
            after = _end(inner, after) | {_all(inner)}  # the next round follows the last one
    if name == "POSSESSIVE_REPEAT":
        return before if least == 0 else frozenset()
    return after if least else before | after


def _all(sequence: Any) -> frozenset[str]:
    """Return every character that a part of a pattern may take."""
    found: frozenset[str] = frozenset()
    for op, argument in sequence:
        name = str(op)
        if name in SINGLE:
            found |= _characters(sequence.state, op, argument)
        elif name in REPEATS:
            found |= _all(argument[2])
        elif name == "BRANCH":
            found = found.union(*map(_all, argument[1]))
        elif name in {"SUBPATTERN", "ATOMIC_GROUP"}:
            found |= _all(argument[-1] if name == "SUBPATTERN" else argument)
    return found


@cache
def _matching(compiled: re.Pattern[str]) -> frozenset[str]:
    return frozenset(character for character in CHARACTERS if compiled.fullmatch(character))


def _characters(state: Any, op: Any, argument: Any) -> frozenset[str]:
    return _matching(_compiler.compile(_parser.SubPattern(state, [(op, argument)]), state.flags))
