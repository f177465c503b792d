"""The pages on events are true: their blocks run, their examples end as shown, their codes exist."""

import asyncio
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

import vega.events
from vega.events import EventBus, EventError, use_event_bus

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: Path) -> list[tuple[int, str]]:
    """Return the line and text of each Python block of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        (text[: found.start()].count("\n") + 2, found[1])
        for found in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize("page", ["docs/guides/events.md", "packages/vega-events/README.md"])
def test_the_blocks_of_a_page_run_one_after_the_other(page: str) -> None:
    path = DOCS.parent / page
    found = blocks(path)
    namespace: dict[str, Any] = {"__name__": "page"}

    assert found
    with use_event_bus(EventBus()):
        for line, block in found:
            exec(compile("\n" * (line - 1) + block, str(path), "exec"), namespace)


def run_example(name: str) -> list[str]:
    path = DOCS / "examples" / "events" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lines: list[str] = asyncio.run(module.main())
    return lines


def test_the_basic_example_does_what_it_says() -> None:
    assert run_example("basic_example") == [
        "account of 1 opened at attempt 3",
        "welcome mail to ada@example.org",
        "account of 2 opened at attempt 4",
        "welcome mail to grace@example.org",
        "failed: 2 needs a second approval",
        "audited: UserCreated, AdminCreated",
    ]


def test_the_middleware_example_does_what_it_says() -> None:
    assert run_example("middleware_example") == [
        "order 1 of tenant abc123 confirmed",
        "refused: order 2 has the total 0",
        "counted 3 events, 1 refused",
    ]


def test_every_code_has_its_place_on_the_page_and_no_other() -> None:
    page = (DOCS / "errors" / "events.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^## (VG\d+) (\w+)$", page, re.MULTILINE))
    errors = [
        value for value in vars(vega.events).values() if isinstance(value, type) and issubclass(value, EventError)
    ]

    assert told == {error.code: error.__name__ for error in errors if error is not EventError}
    assert f"`EventError` ({EventError.code})" in page
