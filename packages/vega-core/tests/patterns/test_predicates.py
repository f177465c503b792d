"""Each form of a predicate selects the right entities in memory, with missing values and collections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vega.patterns.query import (
    EntityFields,
    InvalidPredicateError,
    InvalidValueError,
    MemoryExecutor,
    Query,
    UnknownFieldError,
    UnknownOperatorError,
    UnsupportedPredicateError,
    all_,
    any_,
    between,
    contains,
    endswith,
    fold,
    ilike,
    in_,
    is_distinct,
    is_not_null,
    is_null,
    like,
    not_,
    not_in,
    record,
    satisfies,
    select,
    some,
    startswith,
)
from vega.patterns.query._memory import codegen
from vega.patterns.query.nodes import MAX_DEPTH, all_of, any_of, negate
from vega.patterns.query.values import Pattern, escape

NOTHING = None


@dataclass
class Part:
    name: str


@dataclass
class Line:
    sku: str
    quantity: int
    parts: list[Part] = field(default_factory=list)


@dataclass
class Basket:
    lines: list[Line]


@dataclass
class Address:
    city: str
    street: str | None = None


@dataclass
class Order:
    id: int
    note: str | None = None
    paid: bool = False
    gift: bool | None = None
    amount: int = 0
    owed: int | None = None
    address: Address | None = None
    lines: list[Line] = field(default_factory=list)
    extras: list[Line] | None = None
    basket: Basket | None = None
    labels: dict[str, str] = field(default_factory=dict)


FIELDS = EntityFields.of(Order)
ORDERS = [
    Order(1, "50% off", True, True, 5, 5, Address("Rome", "Via 1"), [Line("a", 2, [Part("lid")])], [Line("x", 1)]),
    Order(2, "ÉTÉ", False, False, 7, 3, Address("Oslo"), [Line("a", 1), Line("b", 9)], [], Basket([Line("z", 1)])),
    Order(3, None, True, None, 9, None, None, [], None, Basket([])),
]


def ids(predicate: Callable[[Any], Any]) -> list[int]:
    return [order.id for order in select(record(predicate, FIELDS), ORDERS)]


@pytest.mark.parametrize(
    ("predicate", "selected"),
    [
        (lambda o: o.amount == 7, [2]),
        (lambda o: o.amount != 7, [1, 3]),
        (lambda o: o.amount < 7, [1]),
        (lambda o: o.amount <= 7, [1, 2]),
        (lambda o: o.amount > 7, [3]),
        (lambda o: o.amount >= 7, [2, 3]),
        (lambda o: o.amount == o.owed, [1]),
        (lambda o: ~(o.amount == o.owed), [2]),
        (lambda o: o.owed.is_distinct_from(None), [1, 2]),
        (lambda o: o.owed.is_distinct_from(o.amount), [2, 3]),
        (lambda o: ~o.owed.is_distinct_from(o.amount), [1]),
        (lambda o: o.note == None, [3]),  # noqa: E711 - the form under test
        (lambda o: o.note != None, [1, 2]),  # noqa: E711 - the form under test
        (lambda o: o.note.is_not_null(), [1, 2]),
        (lambda o: o.amount.in_([5, 9]), [1, 3]),
        (lambda o: o.owed.in_([5]), [1]),
        (lambda o: o.owed.not_in([5]), [2]),
        (lambda o: o.owed.in_([]), []),
        (lambda o: o.owed.not_in([]), [1, 2, 3]),
        (lambda o: o.amount.between(5, 7), [1, 2]),
        (lambda o: ~o.amount.between(5, 7), [3]),
    ],
)
def test_comparisons_select_what_is_known_to_be_true(predicate: Callable[[Any], Any], selected: list[int]) -> None:
    assert ids(predicate) == selected


@pytest.mark.parametrize(
    ("predicate", "selected"),
    [
        (lambda o: o.note.contains("%"), [1]),
        (lambda o: ~o.note.contains("%"), [2]),
        (lambda o: o.note.startswith("50"), [1]),
        (lambda o: ~o.note.startswith("50"), [2]),
        (lambda o: o.note.endswith("É"), [2]),
        (lambda o: o.note.like("5_%"), [1]),
        (lambda o: ~o.note.like("5_%"), [2]),
        (lambda o: o.note.like("été"), []),
        (lambda o: o.note.ilike("été"), [2]),
        (lambda o: ~o.note.ilike("été"), [1]),
    ],
)
def test_texts_are_matched_by_case_except_by_ilike(predicate: Callable[[Any], Any], selected: list[int]) -> None:
    assert ids(predicate) == selected


@pytest.mark.parametrize(
    ("predicate", "selected"),
    [
        (lambda o: o.paid, [1, 3]),
        (lambda o: ~o.paid, [2]),
        (lambda o: o.gift, [1]),
        (lambda o: ~o.gift, [2]),
        (lambda o: o.paid & o.gift, [1]),
        (lambda o: o.gift | (o.amount == 9), [1, 3]),
        (lambda o: (o.amount == 9) | o.gift, [1, 3]),
        (lambda o: (o.amount > 1) & (o.amount > 5) & o.paid, [3]),
        (lambda o: ~((o.amount == 5) | (o.amount == 7) | (o.amount == 8)), [3]),
        (lambda o: ~(o.paid & o.gift), [2]),
    ],
)
def test_a_bool_field_counts_by_itself_and_combines(predicate: Callable[[Any], Any], selected: list[int]) -> None:
    assert ids(predicate) == selected


@pytest.mark.parametrize(
    ("predicate", "selected"),
    [
        (lambda o: o.address.city == "Rome", [1]),
        (lambda o: ~(o.address.city == "Rome"), [2]),
        (lambda o: o.address.street.is_null(), [2, 3]),
        (lambda o: o.address.is_null(), [3]),
    ],
)
def test_fields_of_a_missing_value_object_are_missing(predicate: Callable[[Any], Any], selected: list[int]) -> None:
    assert ids(predicate) == selected


@pytest.mark.parametrize(
    ("predicate", "selected"),
    [
        (lambda o: o.lines.any(lambda line: line.quantity > 1), [1, 2]),
        (lambda o: ~o.lines.any(lambda line: line.quantity > 1), [3]),
        (lambda o: o.lines.all(lambda line: line.quantity > 1), [1, 3]),
        (lambda o: ~o.lines.all(lambda line: line.quantity > 1), [2]),
        (lambda o: o.extras.any(lambda line: line.sku == "x"), [1]),
        (lambda o: o.extras.all(lambda line: line.sku == "y"), [2, 3]),
        (lambda o: o.basket.lines.any(lambda line: line.sku == "z"), [2]),
        (lambda o: o.basket.lines.all(lambda line: line.sku == "y"), [1, 3]),
        (lambda o: o.lines.any(lambda line: line.parts.any(lambda part: part.name == "lid")), [1]),
        (lambda o: o.lines.any(lambda line: line.sku == "b") & (o.amount > 1), [2]),
    ],
)
def test_members_are_asked_and_a_missing_collection_is_empty(
    predicate: Callable[[Any], Any], selected: list[int]
) -> None:
    assert ids(predicate) == selected


@pytest.mark.parametrize(
    ("helper", "method"),
    [
        (lambda o: contains(o.note, "0"), lambda o: o.note.contains("0")),
        (lambda o: startswith(o.note, "5"), lambda o: o.note.startswith("5")),
        (lambda o: endswith(o.note, "f"), lambda o: o.note.endswith("f")),
        (lambda o: like(o.note, "5%"), lambda o: o.note.like("5%")),
        (lambda o: ilike(o.note, "é%"), lambda o: o.note.ilike("é%")),
        (lambda o: in_(o.amount, [5]), lambda o: o.amount.in_([5])),
        (lambda o: not_in(o.amount, [5]), lambda o: o.amount.not_in([5])),
        (lambda o: between(o.amount, 5, 7), lambda o: o.amount.between(5, 7)),
        (lambda o: is_null(o.note), lambda o: o.note.is_null()),
        (lambda o: is_not_null(o.note), lambda o: o.note.is_not_null()),
        (lambda o: is_distinct(o.owed, 5), lambda o: o.owed.is_distinct_from(5)),
        (lambda o: not_(o.amount == 5), lambda o: ~(o.amount == 5)),
        (lambda o: not_(not_(o.paid)), lambda o: o.paid),
        (lambda o: any_(o.lines, lambda line: line.quantity > 1), lambda o: o.lines.any(lambda n: n.quantity > 1)),
        (lambda o: all_(o.lines, lambda line: line.quantity > 1), lambda o: o.lines.all(lambda n: n.quantity > 1)),
        (lambda o: some(o.owed) > 4, lambda o: o.owed > 4),
    ],
)
def test_a_typed_helper_asks_what_the_method_asks(helper: Callable[[Any], Any], method: Callable[[Any], Any]) -> None:
    assert record(helper, FIELDS) == record(method, FIELDS)


@pytest.mark.parametrize(
    ("words", "predicate"),
    [
        (("amount", "==", 5), lambda o: o.amount == 5),
        (("amount", "<>", 5), lambda o: o.amount != 5),
        (("amount", " NOT  In ", [5]), lambda o: o.amount.not_in([5])),
        (("amount", "between", (5, 7)), lambda o: o.amount.between(5, 7)),
        (("note", "not ilike", "é%"), lambda o: ~o.note.ilike("é%")),
        (("note", "startswith", "5"), lambda o: o.note.startswith("5")),
        (("note", "is null"), lambda o: o.note.is_null()),
        (("note", "is not null"), lambda o: o.note.is_not_null()),
        (("address.city", "=", "Rome"), lambda o: o.address.city == "Rome"),
    ],
)
def test_words_ask_what_lambdas_ask(words: tuple[Any, ...], predicate: Callable[[Any], Any]) -> None:
    query = Query(FIELDS, MemoryExecutor(list))

    assert query.where(*words).plan.node == query.where(predicate).plan.node


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("amount", "=~", 5), UnknownOperatorError),
        (("amount", None, 5), UnknownOperatorError),
        (("amount", "betwen", (1, 2)), UnknownOperatorError),
        (("amount", "=" * 100, 5), UnknownOperatorError),
        (("amount", "between", 5), InvalidValueError),
        (("amount", "between", (1, 2, 3)), InvalidValueError),
        (("amount", "in", "57"), InvalidValueError),
        (("amount", "in", 5), InvalidValueError),
        (("amount", "in", [5, None]), InvalidValueError),
        (("note", "is null", True), InvalidValueError),
        (("note", "like", 5), InvalidValueError),
        (("note", "like", "ends with \\"), InvalidValueError),
        (("amount", "like", "5"), UnsupportedPredicateError),
        (("paid", "<", True), UnsupportedPredicateError),
        (("address", "=", Address("Rome")), UnsupportedPredicateError),
        (("labels", "=", {}), UnsupportedPredicateError),
        (("lines", "is null"), UnsupportedPredicateError),
        (("nothing", "=", 5), UnknownFieldError),
        (("amount.digits", "=", 5), UnknownFieldError),
        (("lines.sku", "=", "a"), UnknownFieldError),
        (("x" * 501, "=", 5), UnknownFieldError),
        ((5, "=", 5), UnknownFieldError),
        ((5,), InvalidPredicateError),
    ],
)
def test_words_that_do_not_fit_are_refused_when_the_query_is_built(
    words: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Query(FIELDS, MemoryExecutor(list)).where(*words)


def test_an_operator_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(UnknownOperatorError, match="did you mean 'between'"):
        Query(FIELDS, MemoryExecutor(list)).where("amount", "betwen", (1, 2))  # type: ignore[call-overload] # the mistake under test


@pytest.mark.parametrize(
    ("predicate", "error", "told"),
    [
        (lambda o: o.amount > 1 and o.paid, InvalidPredicateError, "&"),
        (lambda o: o.paid and o.gift, InvalidPredicateError, "&"),
        (lambda o: 1 < o.amount < 5, InvalidPredicateError, "between"),
        (lambda o: "x" in o.note, InvalidPredicateError, "contains"),
        (lambda o: list(o.lines), InvalidPredicateError, "any_"),
        (lambda o: o.note is None, InvalidPredicateError, r"is_null\(o.note\)"),
        (lambda o: o.note is not None and o.paid, InvalidPredicateError, r"is_not_null\(o.note\)"),
        (lambda o: o.note is None or o.paid, InvalidPredicateError, r"is_null\(o.note\)"),
        (lambda o: (o.note is None) | o.paid, InvalidPredicateError, r"is_null\(o.note\)"),
        (lambda o: o.paid if o.address.city is not None else o.gift, InvalidPredicateError, r"o.address.city"),
        (lambda o: o.note is NOTHING, InvalidPredicateError, r"is_null\(o.note\)"),
        (lambda o: o.lines.any(lambda line: line.sku is None), InvalidPredicateError, r"is_null\(line.sku\)"),
        (lambda o: o.lines.any(lambda line: o.note is None), InvalidPredicateError, "plain False"),
        (lambda o: o.labels["x"] == 1, UnsupportedPredicateError, "value object"),
        (lambda o: o["note"] == "x", UnsupportedPredicateError, "not subscriptable"),
        (lambda o: o.note() == "x", UnsupportedPredicateError, r"contains\(\.\.\.\)"),
        (lambda o: len(o.note) > 3, UnsupportedPredicateError, "store the number"),
        (lambda o: -o.amount < 3, UnsupportedPredicateError, "compare the field itself"),
        (lambda o: o.amount << 1 == 2, UnsupportedPredicateError, "compare the field itself"),
        (lambda o: int(o.note) == 2, UnsupportedPredicateError, "compare the field itself"),
        (lambda o: (o.amount > 1) > 2, UnsupportedPredicateError, "compare the field itself"),
        (lambda o: o.note == f"{o.amount}", UnsupportedPredicateError, "formatted into a text"),
        (lambda o: o.note == str(o.amount), UnsupportedPredicateError, "formatted into a text"),
        (lambda o: "yes", InvalidPredicateError, "is not a condition"),
        (lambda o: (o.amount == 1) == (o.amount == 2), InvalidPredicateError, "& | ~"),
        (lambda o: o.amount + 1 == 2, UnsupportedPredicateError, "compute the constant first"),
        (lambda o: o.amount == o.note, InvalidValueError, "compare fields of the same kind"),
        (lambda o: o.note.like(o.note), UnsupportedPredicateError, "takes a constant"),
        (lambda o: o.note & o.paid, UnsupportedPredicateError, "alone is not a condition"),
        (lambda o: o.note.lower() == "x", UnknownFieldError, "ilike"),
        (lambda o: o.lines.sku == "a", UnsupportedPredicateError, "any_"),
        (lambda o: o.labels.any(lambda label: label), UnsupportedPredicateError, "not a collection"),
        (lambda o: o.address.town == "Rome", UnknownFieldError, "no field 'town'"),
        (lambda o: o.amuont == 1, UnknownFieldError, "did you mean 'amount'"),
        (lambda o: o.labels.in_([{}]), UnsupportedPredicateError, "cannot be compared"),
        (lambda o: not_(True), InvalidPredicateError, "plain True"),
    ],
)
def test_what_cannot_be_recorded_says_what_to_write(
    predicate: Callable[[Any], Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        record(predicate, FIELDS)


def test_other_things_may_be_asked_for_their_identity() -> None:
    class Limited:
        limit: int | None = None

        def predicate(self, order: Any) -> Any:
            return order.paid if self.limit is None else order.amount < self.limit

    assert record(Limited().predicate, FIELDS) == record(lambda order: order.paid, FIELDS)


def test_what_is_no_function_of_python_is_recorded_as_it_is() -> None:
    assert record(attrgetter("paid"), FIELDS) == record(lambda order: order.paid, FIELDS)


def test_a_mistake_of_the_predicate_itself_is_told_as_it_is() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        record(lambda order: {}[[]], FIELDS)  # type: ignore[index] # the mistake under test


def test_recorders_take_part_in_python_protocols_as_plain_objects() -> None:
    seen: list[bool] = []

    def predicate(order: Any) -> Any:
        seen.extend((hasattr(order, "__len__"), hasattr(order.note, "__len__")))
        return order.paid

    record(predicate, FIELDS)

    assert seen == [False, False]


def test_values_that_cannot_be_hashed_are_no_members() -> None:
    class Anything:
        value: Any

    with pytest.raises(InvalidValueError, match="cannot be hashed"):
        record(lambda a: a.value.in_([[]]), EntityFields.of(Anything))


def test_a_predicate_nested_too_deep_is_refused() -> None:
    def predicate(order: Any) -> Any:
        condition = order.paid | (order.amount == 0)
        for number in range(MAX_DEPTH):
            condition = (condition & order.paid) | (order.amount == number)
        return condition

    with pytest.raises(InvalidPredicateError, match=f"more than {MAX_DEPTH} levels"):
        record(predicate, FIELDS)


def test_a_field_whose_name_is_no_identifier_is_refused_before_code_is_written() -> None:
    odd = type("Odd", (), {"__annotations__": {"class": int}})
    query = Query(EntityFields.of(odd), MemoryExecutor(list)).where("class", "=", 1)

    with pytest.raises(UnsupportedPredicateError, match="not a valid attribute name in Python"):
        satisfies(query.plan.node, odd())


def test_the_number_of_predicates_kept_compiled_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "_MOST_FUNCTIONS", 2)
    monkeypatch.setattr(codegen, "_functions", {})

    for _ in range(2):
        assert (ids(lambda o: o.amount == 5), ids(lambda o: o.amount > 5), ids(lambda o: o.paid)) == (
            [1],
            [2, 3],
            [1, 3],
        )

    assert len(codegen._functions) <= 2


def test_a_test_of_one_entity_may_be_used_again_and_again() -> None:
    node = record(lambda o: o.amount > 5, FIELDS)
    test = codegen.tester(node)

    assert [order for order in ORDERS if test(order)] == [order for order in ORDERS if test(order)]
    assert [order for order in ORDERS if test(order)] == select(node, ORDERS)


def test_nothing_joined_is_true_for_and_and_false_for_or() -> None:
    assert (len(select(all_of(), ORDERS)), select(any_of(), ORDERS)) == (len(ORDERS), [])
    assert (select(negate(all_of()), ORDERS), len(select(negate(any_of()), ORDERS))) == ([], len(ORDERS))


PATTERNS = st.lists(st.sampled_from(["a", "b", "%", "_", "\\%", "\\_", "\\\\", "."]), max_size=8).map("".join)


def matches(pattern: str, text: str) -> bool:
    """The definition of LIKE, word for word."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return matches(pattern[1:], text) or (bool(text) and matches(pattern, text[1:]))
    literal, rest = (pattern[1], pattern[2:]) if pattern[0] == "\\" else (pattern[0], pattern[1:])
    wild = pattern[0] == "_"
    return bool(text) and (wild or text[0] == literal) and matches(rest, text[1:])


@given(pattern=PATTERNS, text=st.text(alphabet="ab%_\\.\n", max_size=8))
def test_a_pattern_matches_what_the_definition_says(pattern: str, text: str) -> None:
    assert bool(Pattern.parse(pattern, "a test").regex().match(text)) is matches(pattern, text)


@given(pattern=st.text(alphabet="ab%_", max_size=6), text=st.text(alphabet="ab", max_size=6))
@example(pattern="%a%a", text="aa")
@example(pattern="a%b%a", text="abba")
def test_a_part_between_wildcards_may_stand_anywhere(pattern: str, text: str) -> None:
    assert bool(Pattern.parse(pattern, "a test").regex().match(text)) is matches(pattern, text)


@given(text=st.text(), other=st.text())
def test_an_escaped_text_matches_itself_alone(text: str, other: str) -> None:
    regex = Pattern.parse(escape(text), "a test").regex()

    assert regex.match(text)
    assert bool(regex.match(other)) is (text == other)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_ilike_agrees_with_the_published_fold(text: str) -> None:
    node = record(lambda o: o.note.ilike(escape(fold(text))), FIELDS)

    assert satisfies(node, Order(1, text))


ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
REVERSED = ("add", "sub", "mul", "truediv", "floordiv", "mod")


@pytest.mark.parametrize("name", [*ARITHMETIC, *(f"r{name}" for name in REVERSED)])
def test_no_operator_of_arithmetic_is_recorded(name: str) -> None:
    with pytest.raises(UnsupportedPredicateError, match="arithmetic"):
        ids(lambda o: getattr(o.amount, f"__{name}__")(2) == 4)
