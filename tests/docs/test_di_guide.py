"""Every Python block of the guide runs, in order, in one namespace."""

import re
from pathlib import Path
from typing import Any

from vega.di import get_container, set_container

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "dependency-injection.md"


def test_every_block_of_the_guide_runs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = [
        (match.start(), match[1]) for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]
    namespace: dict[str, Any] = {"__name__": "guide"}
    before = get_container()

    try:
        for start, block in blocks:
            line = text.count("\n", 0, start) + 1
            exec(compile("\n" * line + block, str(PAGE), "exec", dont_inherit=True), namespace)
    finally:
        set_container(before)

    assert len(blocks) == text.count("```python") > 10
