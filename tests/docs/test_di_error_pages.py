"""Each error code of vega-di has its section, and each section its code."""

import re
from pathlib import Path

import vega.di
from vega.di import InjectionError

PAGE = Path(__file__).parents[2] / "docs" / "errors" / "di.md"


def errors() -> dict[str, str]:
    found = (each for each in vars(vega.di).values() if isinstance(each, type) and issubclass(each, InjectionError))
    return {each.code: each.__name__ for each in found}


def test_the_page_has_one_section_for_each_code() -> None:
    sections = re.findall(r"^## (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sections == sorted(errors())


def test_each_section_names_its_error() -> None:
    parts = re.split(r"^## (\S+)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]

    named = {code: re.match(r"\s*`(\w+)`", text) for code, text in zip(parts[::2], parts[1::2], strict=True)}

    assert {code: match[1] if match else None for code, match in named.items()} == errors()
