"""All output of the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable


def say(text: str = "") -> None:
    """Print a line of output."""
    print(text, flush=True)


def say_json(value: object) -> None:
    """Print a value as a line of JSON."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def complain(text: str) -> None:
    """Print a line to standard error."""
    print(text, file=sys.stderr, flush=True)


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows as text in aligned columns."""
    listed = list(rows)
    widths = [max(len(row[column]) for row in listed) for column in range(len(listed[0]))] if listed else []
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in listed)
    return "\n".join(line.rstrip() for line in lines)
