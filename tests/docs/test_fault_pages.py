"""Pages of faults and of attacks name tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_TEST = re.compile(r"`((?:packages|tests)/[\w/.-]+\.py)::(\w+)`")
PAGES = [*sorted((ROOT / "docs" / "decisions").glob("faults-*.md")), ROOT / "docs" / "explanation" / "security.md"]
ROWS = [
    pytest.param(row, id=f"{page.stem}-{row.split('|')[1].strip()}")
    for page in PAGES
    for row in page.read_text(encoding="utf-8").splitlines()
    if row.startswith("|") and not row.startswith(("| number", "| attack", "|---"))
]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_tests_that_exist(row: str) -> None:
    named = _TEST.findall(row)

    assert row.count("::") == len(named) > 0
    assert [(file, name) for file, name in named if name not in _functions(ROOT / file)] == []


def _functions(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
