"""The guide "Predicates": each of its sentences names the tests that prove it, and each of those tests exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "predicates.md"
HERE, BOTH = "tests/docs/test_predicates_guide.py", "tests/docs/test_predicates_in_both.py"
CORE, DATA = "packages/vega-core/tests/patterns", "packages/vega-data/tests"
EQUAL = f"{DATA}/test_equivalence.py"
RUNS = f"{HERE}::test_the_code_of_the_guide_runs"
WRONG_FORMS = f"{HERE}::test_what_python_cannot_record_names_what_can"
NAMES = f"{HERE}::test_unknown_names_are_told_with_the_nearest"
RECORDED = f"{CORE}/test_evaluation.py::test_a_predicate_is_recorded_once_for_all_entities"
MISSING = f"{HERE}::test_missing_values_are_unknown"
TEXT = f"{HERE}::test_text"
UNFIT = f"{HERE}::test_values_that_do_not_fit"
REFUSED = f"{HERE}::test_what_databases_answer_differently_is_refused"
EXACT = f"{HERE}::test_decimals_floats_and_instants"
PARTS = f"{HERE}::test_value_objects_and_collections"
ORDER = f"{HERE}::test_order_and_aggregates"
REQUESTS = f"{HERE}::test_requests_ask_only_what_is_declared"
SAME = f"{EQUAL}::test_every_store_gives_the_same_answer_in_the_same_order"
KLEENE = f"{CORE}/test_query.py::test_the_evaluator_follows_the_written_logic"
PLAIN = f"{HERE}::test_a_specification_in_plain_python_is_called_in_memory"
ON_SQL = f"{DATA}/test_database.py::test_a_specification_in_plain_python_is_refused_on_sql"
NOT_SENT = f"{EQUAL}::test_what_cannot_be_equal_is_refused_before_anything_is_sent"

PROVED_BY: dict[str, tuple[str, ...]] = {
    "A predicate is a condition on an entity.": (RUNS,),
    "You write it once; Vega evaluates it in memory and compiles it to SQL, with equal results.": (SAME,),
    "Conditions with results that differ between stores are refused with an error, before a statement is sent.": (
        NOT_SENT,
    ),
    "A predicate is recorded: it runs once, on stand-ins for the fields, which note the condition.": (
        f"{BOTH}::test_a_predicate_runs_once",
    ),
    'So write `&`, `|` and `~` (or `not_`), not `and`, `or` and `not`; write `contains(user.email, "@")`, not `"@" in '
    "user.email`; write `is_null(user.age)`, not `user.age is None`.": (WRONG_FORMS, MISSING),
    "The wrong forms raise `InvalidPredicateError`, which names the right form.": (WRONG_FORMS,),
    "`spec.is_satisfied_by` records the predicate at the first entity and then calls a compiled test, so for "
    "many entities access the method once:": (RECORDED,),
    "`list(filter(spec.is_satisfied_by, users))` takes three to six times as long as the loop written by hand.": (
        RECORDED,
    ),
    "In `[user for user in users if spec.is_satisfied_by(user)]` each entity is a separate access, which "
    "records again, since the specification, or data read by its predicate, may have changed in between.": (
        f"{CORE}/test_evaluation.py::test_what_changed_between_two_calls_is_seen",
    ),
    "Queries and `find_by_spec` do the same.": (RECORDED,),
    "A frozen dataclass with hashable fields, whose predicate reads only fields, constants and the helpers of "
    "`vega.patterns.query`, is recorded once in its lifetime.": (
        f"{CORE}/test_evaluation.py::test_a_frozen_specification_keeps_its_tests_from_call_to_call",
        f"{CORE}/test_evaluation.py::test_only_what_cannot_change_is_kept",
    ),
    "Three places take predicates:": (f"{BOTH}::test_three_places_take_predicates",),
    '`Specification.predicate`, `query().where(lambda u: ...)`, and, by name, `query().where("email", "like", '
    '"%@gmail.com")`.': (f"{BOTH}::test_three_places_take_predicates",),
    "Names are checked when the query is built.": (f"{BOTH}::test_names_are_checked_when_the_query_is_built",),
    "Names are not checked by mypy or pyright: an unknown name raises `UnknownFieldError` with the nearest name.": (
        NAMES,
    ),
    "A comparison with a missing value (`None`, NULL) is neither true nor false: it is unknown.": (MISSING, KLEENE),
    "Only true selects.": (MISSING, KLEENE),
    "`&`, `|` and `~` follow Kleene's logic, as SQL does: the negation of unknown is unknown.": (KLEENE, SAME),
    "`user.age > 18` does not select a user without an age, and neither does `~(user.age > 18)`.": (MISSING,),
    "`user.age != 18` does not select a user without an age; `is_distinct(user.age, 18)` does.": (MISSING,),
    "`user.age == None` means `is_null(user.age)`.": (MISSING,),
    "`None` inside `in_` or `not_in` raises `InvalidValueError`.": (UNFIT,),
    "`in_(user.age, [])` selects no users, and `not_in(user.age, [])` all users.": (MISSING,),
    "`some(user.age) > 18` is the same as `user.age > 18`, for type checkers that refuse to compare an "
    "optional value.": (MISSING,),
    "Texts are compared and ordered by code point:": (TEXT, SAME),
    '`"Z" < "a" < "É"`.': (TEXT,),
    "`contains`, `startswith` and `endswith` are case-sensitive, without wildcards.": (
        TEXT,
        f"{CORE}/test_predicates.py::test_texts_are_matched_by_case_except_by_ilike",
        f"{CORE}/test_predicates.py::test_an_escaped_text_matches_itself_alone",
    ),
    "`like` is case-sensitive; `%` matches any text, line ends included, `_` matches one character, and `\\` "
    "escapes the next character.": (
        TEXT,
        f"{CORE}/test_predicates.py::test_a_pattern_matches_what_the_definition_says",
    ),
    "A pattern that ends with a lone `\\` raises `InvalidValueError`.": (UNFIT,),
    "`ilike` is `like` under a fixed case folding: the letters of Latin, Greek, Cyrillic and Armenian whose "
    "Unicode case folding is a single character.": (
        f"{CORE}/test_predicates.py::test_ilike_agrees_with_the_published_fold",
    ),
    "So `É` and `é` match, `ß` and `SS` do not.": (TEXT,),
    "A text with a NUL character or half a surrogate pair raises `InvalidValueError`.": (UNFIT,),
    "An int has 64 bits; a constant outside that range raises `InvalidValueError`.": (UNFIT,),
    "A float is never NaN; infinities are allowed.": (UNFIT, EXACT),
    "`0.1 + 0.2` is not `0.3`, in any store.": (EXACT, f"{BOTH}::test_both_answer_alike"),
    'A `Decimal` is compared exactly, with up to 1,000 digits before and after its point; `Decimal("9.5")` and '
    '`Decimal("9.50")` are equal.': (EXACT, f"{BOTH}::test_both_answer_alike"),
    "Kinds do not mix: a float for a Decimal field, or a bool for an int field, raises `InvalidValueError`.": (UNFIT,),
    "Arithmetic raises `UnsupportedPredicateError`: integer division, overflow and rounding differ between "
    "databases.": (REFUSED,),
    "A `datetime` is an instant and must have a time zone; two are equal if they denote the same instant.": (
        UNFIT,
        EXACT,
    ),
    "Stored instants are read in UTC.": (f"{BOTH}::test_what_is_stored_is_read_in_utc",),
    "`Annotated[datetime, Naive()]` declares a datetime without a zone.": (f"{BOTH}::test_both_answer_alike",),
    "A `date` is not a `datetime`: comparing the two raises `InvalidValueError`.": (UNFIT,),
    "Enum members can be compared for equality; comparing their order raises `UnsupportedPredicateError`.": (
        REFUSED,
        f"{BOTH}::test_both_answer_alike",
    ),
    "UUIDs and bytes are compared byte by byte.": (f"{BOTH}::test_both_answer_alike",),
    "`user.address.city` reads a field of a value object; if the object is missing, so are its fields.": (PARTS,),
    "`any_(order.lines, lambda line: line.quantity > 3)` is true if the condition is true for at least one "
    "member, `all_` if the condition is true for every member.": (PARTS,),
    "Neither is ever unknown.": (PARTS,),
    "`all_` of an empty collection is true.": (PARTS,),
    '`order_by` orders by value, missing values last in either direction, unless `nulls="first"` is set.': (
        ORDER,
        SAME,
    ),
    "The identifier is always appended, in the direction of the last key, so that no two entities compare "
    "equal and pages never overlap.": (
        ORDER,
        f"{EQUAL}::test_cursors_visit_every_row_once_in_both_directions",
    ),
    "Enums, value objects and collections have no order; ordering by them raises `UnsupportedPredicateError`.": (
        ORDER,
    ),
    "`count`, `sum_`, `avg`, `min_` and `max_` skip missing values; without values, all but `count` return `None`.": (
        ORDER,
        f"{CORE}/test_query_results.py::test_aggregates_leave_missing_values_out",
        f"{CORE}/test_query_results.py::test_aggregates_over_nothing_are_none_and_counts_are_nought",
    ),
    "Sums are exact.": (f"{CORE}/test_query_results.py::test_sums_are_exact_whatever_the_callers_context",),
    "A mean is a `Decimal` of 28 digits.": (f"{CORE}/test_query_results.py::test_a_mean_has_28_digits",),
    "The sum of floats depends on the order of the rows; it raises `UnsupportedPredicateError`.": (ORDER,),
    "A specification with only `is_satisfied_by` is plain Python.": (PLAIN,),
    "In memory the method is called; a database refuses it with `UnsupportedPredicateError` rather than "
    "reading the whole table.": (PLAIN, ON_SQL),
    "A specification with `to_sql_expression` as well provides its own SQL; the author keeps both forms equal.": (
        f"{BOTH}::test_a_specification_may_bring_its_own_sql",
    ),
    "A `FilterSet` declares the filters of a request: fields with their operators, sort keys, the maximum page size.": (
        REQUESTS,
        f"{CORE}/test_filters.py::test_a_limit_out_of_range_is_refused",
    ),
    "Other names raise `FilterNotAllowedError`, and no statement is sent.": (
        REQUESTS,
        f"{DATA}/test_hostile_input.py::test_five_hundred_hostile_names_are_refused_and_none_is_sent",
    ),
    "Private fields, `Annotated[str, Private()]`, cannot be named by strings.": (
        REQUESTS,
        f"{CORE}/test_query_fields.py::test_a_name_from_outside_reaches_no_private_field",
    ),
    "`node_to_json` writes a recorded predicate as plain data, `node_from_json` reads it, with the checks of a "
    "new predicate.": (
        f"{CORE}/test_query_json.py::test_what_is_read_is_what_was_written",
        f"{CORE}/test_query_json.py::test_what_nobody_wrote_is_refused",
    ),
    "Values are restored exactly.": (f"{CORE}/test_query_json.py::test_values_come_back_exactly",),
    "Private fields are read only with `private=True`.": (
        f"{CORE}/test_query_json.py::test_a_private_field_is_read_only_where_that_is_said",
    ),
}


def sentences(page: str) -> list[str]:
    """Return the sentences of a page, without its headings and blocks of code."""
    text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    parts = (" ".join(part.split()).removeprefix("* ") for part in re.split(r"\n\s*\n|\n(?=\* )", text))
    told = (part for part in parts if part and not part.startswith("#"))
    return [sentence for part in told for sentence in re.split(r"(?<=[.:])\s+(?=[A-Z`])", part)]


def test_every_sentence_of_the_guide_has_a_test_and_no_test_a_sentence_that_is_gone() -> None:
    told = sentences(GUIDE.read_text(encoding="utf-8"))

    assert len(told) == len(set(told))
    assert set(told) == set(PROVED_BY)


@pytest.mark.parametrize("node", sorted({node for nodes in PROVED_BY.values() for node in nodes}))
def test_what_proves_a_sentence_is_there(node: str) -> None:
    file, _, name = node.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))

    assert name in {part.name for part in tree.body if isinstance(part, ast.FunctionDef)}


def test_a_sentence_that_nobody_proves_would_be_seen() -> None:
    page = GUIDE.read_text(encoding="utf-8") + "\n* Pigs fly.\n\nAnd so do `cows`: often.\n"

    assert sorted(set(sentences(page)) - set(PROVED_BY)) == ["And so do `cows`: often.", "Pigs fly."]
