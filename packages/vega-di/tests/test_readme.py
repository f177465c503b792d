"""The Python block of the README runs, and the error it shows is the one that is raised."""

import re
from pathlib import Path
from typing import Any

import pytest

from vega.di import Container, ContainerError, get_container

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "readme"}

    exec(compile(block, "README.md", "exec", dont_inherit=True), names)

    assert names["greet"]("Grace") == "12:00 Hello, Grace"
    assert get_container() is names["container"]


def test_the_error_that_is_shown_is_the_one_that_is_raised() -> None:
    class Clock: ...

    class Greeter:
        def __init__(self, clock: Clock) -> None: ...

    with pytest.raises(ContainerError) as caught:
        Container({Greeter: Greeter}).validate()

    text = re.sub(r"registered at \S+:\d+", "registered at app.py:11", str(caught.value.exceptions[0]))
    assert text in README
