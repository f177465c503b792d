"""Specifications: rules that combine, with one meaning for each combination."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from vega.patterns import InvalidSpecificationError, Specification
from vega.patterns.query import EntityFields, InvalidPredicateError, MemoryExecutor, Query, record


@dataclass
class User:
    id: int
    age: int | None = None
    active: bool = True


FIELDS = EntityFields.of(User)
USERS = [User(1, 30), User(2, 5, False), User(3), User(4, 18, False)]


class OlderThan(Specification[User]):
    def __init__(self, age: int) -> None:
        self.age = age

    def predicate(self, user: User) -> bool:
        return user.age > self.age  # type: ignore[operator] # recorded, where None is never compared


class Active(Specification[User]):
    predicate = lambda u: u.active  # noqa: E731 - the form under test


class Even(Specification[User]):
    """A rule in plain Python."""

    def is_satisfied_by(self, entity: User) -> bool:
        return entity.id % 2 == 0


@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        (OlderThan(17) & Active(), [1]),
        (OlderThan(17) | Active(), [1, 3, 4]),
        (~OlderThan(17), [2]),
        (~~OlderThan(17), [1, 4]),
        (~(OlderThan(17) | Active()), [2]),
        (OlderThan(17).and_(Active()).or_(OlderThan(4).not_()), [1]),
        (OlderThan(17) & OlderThan(20) & OlderThan(25), [1]),
        (OlderThan(17) | OlderThan(3) | Active(), [1, 2, 3, 4]),
        (Even() & OlderThan(17), [4]),
        (Even() | Active(), [1, 2, 3, 4]),
        (~Even(), [1, 3]),
        (~(Even() & Active()), [1, 2, 3, 4]),
        (~(Even() | OlderThan(17)), [3]),
    ],
)
def test_a_combination_selects_alike_by_itself_and_in_a_query(spec: Specification[User], ids: list[int]) -> None:
    query = Query(FIELDS, MemoryExecutor(lambda: USERS, (FIELDS["id"],)))

    assert [user.id for user in USERS if spec.is_satisfied_by(user)] == ids
    assert [user.id for user in asyncio.run(query.where(spec).get())] == ids


def test_a_combination_of_predicates_is_one_predicate() -> None:
    spec = (OlderThan(17) & Active()) | ~OlderThan(3)
    written = record(lambda u: ((u.age > 17) & u.active) | ~(u.age > 3), FIELDS)

    assert spec.to_node(FIELDS) == written


def test_a_combination_with_plain_python_is_no_predicate() -> None:
    mixed: list[Specification[Any]] = [Even() & Active(), Active() | Even(), ~Even()]

    assert [spec.to_node(FIELDS) for spec in mixed] == [None, None, None]


@pytest.mark.parametrize("combine", [lambda: Even().or_(5), lambda: Even() | "x", lambda: Even() & None])
def test_only_specifications_combine(combine: Any) -> None:
    with pytest.raises(InvalidSpecificationError, match="combine specifications only"):
        combine()


def test_a_predicate_that_uses_and_is_refused_when_it_is_asked() -> None:
    class Both(Specification[User]):
        def predicate(self, user: User) -> bool:
            return user.active and user.id > 1

    with pytest.raises(InvalidPredicateError, match="&"):
        Both().is_satisfied_by(USERS[0])
