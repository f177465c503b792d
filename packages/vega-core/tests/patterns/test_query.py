"""Queries: recorded, checked when built, evaluated with three-valued logic, immutable."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.patterns import InvalidSpecificationError, Specification
from vega.patterns.query import (
    CursorPage,
    EntityFields,
    FilterNotAllowedError,
    FilterSet,
    InvalidCursorError,
    InvalidPageError,
    InvalidPredicateError,
    InvalidValueError,
    Kind,
    MemoryExecutor,
    MultipleResultsError,
    Private,
    Query,
    UnknownFieldError,
    UnknownOperatorError,
    contains,
    fold,
    record,
    satisfies,
)


@dataclass
class User:
    id: int
    name: str | None = None
    age: int | None = None
    secret: Annotated[str, Private()] = ""


FIELDS = EntityFields.of(User)


def asked(*users: User) -> Query[User]:
    return Query(FIELDS, MemoryExecutor(lambda: users, (FIELDS["id"],)))


MANY = asked(*(User(number, f"n{number % 3}", None if number % 4 == 0 else number % 5) for number in range(20)))

Truth = bool | None


def kleene(tree: Any, user: User) -> Truth:
    """The written semantics, word for word; the evaluator must agree."""
    word, *parts = tree
    if word == "age":
        op, value = parts
        return None if user.age is None else {"<": user.age < value, "=": user.age == value}[op]
    if word == "null":
        return user.age is None
    truths = [kleene(part, user) for part in parts]
    if word == "not":
        return None if truths[0] is None else not truths[0]
    decisive = word == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def recorded(tree: Any, u: Any) -> Any:
    word, *parts = tree
    if word == "age":
        return u.age < parts[1] if parts[0] == "<" else u.age == parts[1]
    if word == "null":
        return u.age.is_null()
    inner = [recorded(part, u) for part in parts]
    if word == "not":
        return ~inner[0]
    return inner[0] & inner[1] if word == "and" else inner[0] | inner[1]


leaves = st.just(("null",)) | st.tuples(st.just("age"), st.sampled_from("<="), st.integers(-2, 2))
trees = st.recursive(
    leaves,
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
    max_leaves=12,
)


@given(tree=trees, age=st.none() | st.integers(-3, 3))
def test_the_evaluator_follows_the_written_logic(tree: Any, age: int | None) -> None:
    user = User(1, age=age)

    assert satisfies(record(lambda u: recorded(tree, u), FIELDS), user) is (kleene(tree, user) is True)


@given(text=st.text())
def test_folding_twice_changes_nothing_and_keeps_the_length(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert len(fold(text)) == len(text)


def test_a_query_never_changes() -> None:
    base = asked(User(1, "a"), User(2, "b"))
    base.where("name", "=", "a").order_by("name").limit(1)

    assert len(asyncio.run(base.get())) == 2


def test_first_one_count_exists() -> None:
    async def main() -> None:
        query = asked(User(2, "a"), User(1, "a"))
        first = await query.first()
        assert first is not None
        assert first.id == 1
        assert await query.count() == 2
        assert await query.limit(1).count() == 2
        assert await query.where("name", "=", "a").exists()
        assert await query.where("name", "=", "x").one_or_none() is None
        with pytest.raises(MultipleResultsError):
            await query.one_or_none()

    asyncio.run(main())


def test_pages_know_their_place() -> None:
    async def main() -> None:
        page = await MANY.page(2, 8)
        last = await MANY.page(3, 8)
        part = await MANY.slice(3, 8)

        assert [user.id for user in page] == list(range(8, 16))
        assert (page.total, page.pages, page.has_next, page.has_previous) == (20, 3, True, True)
        assert (len(last), last.has_next) == (4, False)
        assert (len(part), part.has_next) == (4, False)
        assert (await MANY.slice(1, 20)).has_next is False

    asyncio.run(main())


def test_a_cursor_that_was_changed_or_belongs_elsewhere_is_refused() -> None:
    async def main() -> None:
        page: CursorPage[User] = await MANY.order_by("name").cursor(size=3)
        cursor = page.next
        assert cursor is not None
        flipped = ("A" if cursor[0] != "A" else "B") + cursor[1:]
        for query, place in (
            (MANY.order_by("name"), flipped),
            (MANY.order_by("name"), cursor[:-4]),
            (MANY.order_by("name", "desc"), cursor),
            (MANY.order_by("name").where("age", ">", 1), cursor),
            (MANY, cursor),
            (MANY, "é"),
            (MANY, ""),
            (MANY, "x" * 100_000),
        ):
            with pytest.raises(InvalidCursorError):
                await query.cursor(after=place, size=3)
        with pytest.raises(InvalidPageError):
            await MANY.cursor(after=cursor, before=cursor)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"name": "x"}, FilterNotAllowedError),
        ({"age__like": "x"}, FilterNotAllowedError),
        ({"__class__": "x"}, FilterNotAllowedError),
        ({"age__ge": "many"}, InvalidValueError),
        ({"age__ge": "9" * 5000}, InvalidValueError),
        ({"limit": "1000"}, InvalidPageError),
        ({"limit": "-1"}, InvalidPageError),
        ({"offset": "x"}, InvalidPageError),
        ({"sort": "secret"}, FilterNotAllowedError),
        ({"age__in": ",".join(["1"] * 1001)}, InvalidValueError),
    ],
)
def test_requests_that_are_not_allowed(request_: dict[str, str], error: type[Exception]) -> None:
    filters = FilterSet(allow={"age": {"ge", "in"}}, sort={"age"}, max_limit=10)

    with pytest.raises(error) as caught:
        filters.apply(MANY, request_)
    assert "name" not in str(caught.value).replace(str(next(iter(request_))), "")


def test_a_request_is_read_by_the_types_of_the_fields() -> None:
    filters = FilterSet(allow={"age": {"ge", "in", "is_null"}, "name": "eq"}, sort="age", max_limit=5)
    query = filters.apply(MANY, [("age__ge", "2"), ("age__in", "3,4"), ("name", "n1"), ("sort", "-age")])

    found = asyncio.run(query.get())

    assert found
    assert all(user.age in {3, 4} and user.name == "n1" for user in found)
    with pytest.raises(UnknownOperatorError):
        FilterSet(allow={"age": {"resembles"}})


def test_private_fields_are_reached_by_code_only() -> None:
    query = asked(User(1, secret="x"))

    with pytest.raises(UnknownFieldError):
        query.where("secret", "=", "x")
    assert len(asyncio.run(query.where(lambda u: u.secret == "x").get())) == 1


def test_helpers_outside_of_a_predicate_say_so() -> None:
    with pytest.raises(InvalidPredicateError, match="not a field of a recorded predicate"):
        contains("text", "t")


def test_a_predicate_may_be_a_lambda_in_the_class() -> None:
    class Adult(Specification[User]):
        predicate = lambda u: u.age >= 18  # noqa: E731 - the form under test

    assert Adult().is_satisfied_by(User(1, age=20))
    assert not (~Adult()).is_satisfied_by(User(1))


def test_specifications_that_say_nothing_or_meet_something_else() -> None:
    class Empty(Specification[User]): ...

    with pytest.raises(InvalidSpecificationError, match="says nothing"):
        Empty().is_satisfied_by(User(1))
    with pytest.raises(InvalidSpecificationError, match="combined"):
        Empty() & (lambda user: True)  # type: ignore[operator] # the mistake under test


def test_fields_are_read_from_annotations_whatever_they_wrap() -> None:
    kinds = {name: (info.kind, info.nullable, info.private) for name, info in FIELDS.items()}

    assert kinds == {
        "id": (Kind.INT, False, False),
        "name": (Kind.TEXT, True, False),
        "age": (Kind.INT, True, False),
        "secret": (Kind.TEXT, False, True),
    }


def test_errors_survive_pickling() -> None:
    error = UnknownFieldError.of("nam", "User", ["name"])

    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.once
def test_the_import_loads_the_standard_library_only() -> None:
    told = "print([m for m in ('pydantic', 'sqlalchemy') if m in sys.modules])"
    code = f"import vega.patterns, vega.patterns.query, sys; {told}"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
