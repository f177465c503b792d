"""Decimals as text: their patterns say exactly the bounds and places of a field."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega.web._routing.decimal_patterns import decimal_pattern

amounts = st.decimals(-2000, 2000, places=3) | st.decimals(-2, 2, places=4) | st.integers(-1100, 1100).map(Decimal)


def matches(pattern: str, text: str) -> bool:
    return re.match(pattern, text) is not None and not text.endswith("\n")


@settings(max_examples=500, deadline=None)
@given(st.none() | amounts, st.none() | amounts, st.integers(0, 4), st.lists(amounts, min_size=1))
def test_a_text_matches_if_it_is_within_the_bounds(
    least: Decimal | None, most: Decimal | None, places: int, values: list[Decimal]
) -> None:
    pattern = decimal_pattern(least, most, places)

    for value in [*values, *(bound for bound in (least, most) if bound is not None)]:
        rounded = round(value, places)
        text = f"{rounded:.{places}f}"
        forms = {text, text.rstrip("0").rstrip(".") if "." in text else text} - {"-0"}
        is_within = (least is None or least <= rounded) and (most is None or rounded <= most)
        may_be_negative_zero = least is None and most is None
        for form in forms:
            is_form = may_be_negative_zero or bool(rounded) or not form.startswith("-")
            assert matches(pattern, form) is (is_within and is_form), (pattern, form)
        assert not matches(pattern, f"{value:.{places + 1}f}")


@settings(max_examples=200, deadline=None)
@given(st.data(), st.none() | amounts, st.none() | amounts, st.integers(0, 3))
def test_each_text_that_matches_is_within_the_bounds(
    data: st.DataObject, least: Decimal | None, most: Decimal | None, places: int
) -> None:
    if least is not None and most is not None and least > most:
        least, most = most, least
    pattern = decimal_pattern(least, most, places)
    if pattern == r"^[^\s\S]$":  # no decimal of so few places is between them
        return

    text = data.draw(st.from_regex(pattern.removesuffix("$") + r"\Z"))

    assert least is None or least <= Decimal(text)
    assert most is None or Decimal(text) <= most
    assert len(text.partition(".")[2]) <= places


@pytest.mark.parametrize(
    "text", ["", "+1", "1.", ".5", "1e2", "1_0", " 1", "1 ", "-0", "٣", "NaN", "Infinity", "01", "0x1"]
)
def test_other_forms_do_not_match(text: str) -> None:
    assert not re.compile(decimal_pattern(Decimal(-10), Decimal(100)), re.ASCII).fullmatch(text)


def test_bounds_may_be_larger_than_usual_numbers() -> None:
    pattern = decimal_pattern(Decimal(-(10**25)), Decimal(10**25))

    assert [matches(pattern, text) for text in (str(10**25), str(-(10**25)), str(10**25) + ".1", "9" * 26)] == [
        True,
        True,
        False,
        False,
    ]
