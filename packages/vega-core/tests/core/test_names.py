"""Names that a user types."""

import keyword

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vega.core import InvalidNameError
from vega.core.extend import Name

WORDS = st.lists(st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True), min_size=2, max_size=4)


@pytest.mark.parametrize("text", ["OrderItem", "order_item", "order-item", "orderItem"])
def test_every_spelling_is_one_name(text: str) -> None:
    name = Name.parse(text)

    assert (name.pascal, name.snake, name.kebab, name.title) == ("OrderItem", "order_item", "order-item", "order item")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "class",
        "match",
        "bad name!",
        "../../evil",
        "1st",
        "json",
        "vega",
        "Straße",
        "ﬁsh",
        "a" * 61,
        "a/b",
        "_",
        "x.y",
    ],
)
def test_what_cannot_be_a_class_and_a_module_is_refused(text: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        Name.parse(text)

    assert caught.value.fix


@pytest.mark.parametrize(
    ("one", "many"),
    [("product", "products"), ("category", "categories"), ("day", "days"), ("box", "boxes"), ("person", "people")],
)
def test_plurals_follow_english(one: str, many: str) -> None:
    assert Name.parse(one).plural.snake == many


@given(WORDS)
def test_a_name_survives_each_of_its_forms(words: list[str]) -> None:
    name = Name(tuple(words))
    assume(not keyword.iskeyword(name.snake))

    assert Name.parse(name.snake) == Name.parse(name.kebab) == name


def test_a_suffix_is_taken_off_only_when_something_remains() -> None:
    assert Name.parse("ChatHandler").without("handler").pascal == "Chat"
    assert Name.parse("Handler").without("handler").pascal == "Handler"


def test_a_name_is_told_as_a_class() -> None:
    assert str(Name.parse("order_item")) == "OrderItem"
