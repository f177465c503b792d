"""Source text from templates."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.core.extend import FieldSpec, import_lines, render

NAMES = st.from_regex(r"[a-z]{3,18}_", fullmatch=True)


def test_holes_are_filled_and_indented() -> None:
    text = render("\n    class $Thing:\n        $fields\n", {"Thing": "Order", "fields": "a: int\nb: str"})

    assert text == "class Order:\n    a: int\n    b: str\n"


def test_an_empty_hole_takes_its_line_along() -> None:
    assert render("a\n\n$gone\n\nb", {"gone": ""}) == "a\n\nb\n"


def test_a_hole_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("$missing one", {})


def test_imports_of_one_module_are_joined_and_sorted() -> None:
    fields = [FieldSpec.parse("a:date"), FieldSpec.parse("b:datetime"), FieldSpec.parse("c:decimal")]

    lines = import_lines(fields, "from dataclasses import field, dataclass")

    assert lines == (
        "from dataclasses import dataclass, field\nfrom datetime import date, datetime\nfrom decimal import Decimal"
    )


@given(st.lists(NAMES, min_size=1, max_size=40, unique=True))
def test_a_long_call_is_broken_without_changing_what_it_says(names: list[str]) -> None:
    line = f"made = call({', '.join(f'{name}={name!r}' for name in names)})"

    text = render("$line", {"line": line})
    whole = render("    $line", {"line": line})

    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(line))
    assert max(map(len, text.splitlines())) <= 120
    assert whole


@given(st.lists(NAMES, min_size=2, max_size=30, unique=True))
def test_a_long_import_stands_one_name_a_line(names: list[str]) -> None:
    line = f"from some.module.far.away import {', '.join(names)}"

    text = render("$line", {"line": line})

    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(line))
    assert len(text.splitlines()) == (1 if len(line) <= 120 else len(names) + 2)


def test_brackets_inside_texts_are_no_brackets() -> None:
    line = f"call('{'(' * 60}', \"{')' * 60}\")"

    assert ast.dump(ast.parse(render("$line", {"line": line}))) == ast.dump(ast.parse(line))


def test_an_empty_hole_takes_no_line_of_text_along() -> None:
    assert render("a\n$gone\nb", {"gone": ""}) == "a\nb\n"


@pytest.mark.parametrize("line", [f"text = '{'x' * 130}'", f"# {'word ' * 30}end", f"made = {'x' * 120}()"])
def test_a_long_line_without_a_bracket_to_break_stays_as_it_is(line: str) -> None:
    assert render("$line", {"line": line}) == f"{line}\n"
