"""The Python block of the README runs, and the error it shows is the one that is raised."""

import re
from pathlib import Path

import pytest

from vega.di import Container, ContainerError, get_container, set_container

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    before = get_container()

    try:
        exec(compile(block, "README.md", "exec", dont_inherit=True), {"__name__": "readme"})
    finally:
        set_container(before)


def test_the_error_that_is_shown_is_the_one_that_is_raised() -> None:
    class Clock: ...

    class Greeter:
        def __init__(self, clock: Clock) -> None: ...

    with pytest.raises(ContainerError) as caught:
        Container({Greeter: Greeter}).validate()

    text = re.sub(r"registered at \S+:\d+", "registered at app.py:11", str(caught.value.exceptions[0]))
    assert text in README
