"""Breaks long lines of generated Python as ruff's formatter does, for the shapes used in templates."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

WIDTH: Final = 120
_OPENING: Final = {"(": ")", "[": "]", "{": "}"}


def fit(text: str) -> str:
    """Return source with lines of more than 120 characters broken at their last bracket.

    The content of parentheses goes on a line of its own; if still too long, and always in a list, set or dictionary,
    each element goes on a separate line, with a trailing comma. Names of a `from` import are always listed one per
    line, in parentheses.
    """
    return "\n".join(part for line in text.split("\n") for part in _fitted(line))


def _fitted(line: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    if line.lstrip().startswith("from ") and " import " in line:
        head, _, names = line.partition(" import ")
        return [f"{head} import (", *(f"{indent}    {name}," for name in names.split(", ")), f"{indent})"]
    bracket = _last_bracket(line)
    if bracket is None:
        return [line]
    start, end = bracket
    content = f"{indent}    {line[start + 1 : end]}"
    if len(content) > WIDTH or line[start] != "(":
        inner = [f"{indent}    {part}," for part in _parts(line[start + 1 : end])]
        return [line[: start + 1], *(piece for part in inner for piece in _fitted(part)), f"{indent}{line[end:]}"]
    return [line[: start + 1], content, f"{indent}{line[end:]}"]


def _last_bracket(line: str) -> tuple[int, int] | None:
    """Return the start and end of the last top-level bracket of a line."""
    bracket: tuple[int, int] | None = None
    stack: list[int] = []
    for position, character in _code(line):
        if character in _OPENING:
            stack.append(position)
        elif character in _OPENING.values() and stack:
            start = stack.pop()
            if not stack and position > start + 1:
                bracket = start, position
    return bracket


def _parts(content: str) -> list[str]:
    """Return the elements in a bracket, split at top-level commas."""
    cuts = [-1]
    depth = 0
    for position, character in _code(content):
        depth += (character in _OPENING) - (character in _OPENING.values())
        if character == "," and depth == 0:
            cuts.append(position)
    cuts.append(len(content))
    parts = (content[start + 1 : end].strip() for start, end in pairwise(cuts))
    return [part for part in parts if part]


def _code(line: str) -> list[tuple[int, str]]:
    """Return the characters outside of string literals, with their positions."""
    outside: list[tuple[int, str]] = []
    quote = ""
    escaped = False
    for position, character in enumerate(line):
        if quote:
            if not escaped and character == quote:
                quote = ""
            escaped = character == "\\" and not escaped
        elif character in "\"'":
            quote = character
        else:
            outside.append((position, character))
    return outside
