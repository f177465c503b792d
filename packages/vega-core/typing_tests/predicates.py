"""Predicates as checkers see them: they refuse each line that is marked, and no other.

What a checker lets pass and cannot be recorded (`and`, `or`, `not`, arithmetic) is refused when the query is built.
"""

from __future__ import annotations

from dataclasses import dataclass

from vega.patterns import QueryableRepository, Specification
from vega.patterns.query import any_, between, contains, in_, is_null, not_, some


@dataclass
class Line:
    quantity: int


@dataclass
class User:
    id: str
    email: str
    active: bool
    lines: list[Line]
    age: int | None = None


class Reachable(Specification[User]):
    def predicate(self, user: User) -> bool:
        return user.active & contains(user.email, "@") & not_(is_null(user.age)) & (some(user.age) > 18)


class Busy(Specification[User]):
    def predicate(self, user: User) -> bool:
        return any_(user.lines, lambda line: line.quantity > 3) & in_(user.id, ["1"]) & between(user.age, 1, 2)


class Misspelt(Specification[User]):
    def predicate(self, user: User) -> bool:
        return contains(user.emial, "@")  # ERROR


class Forgetful(Specification[User]):
    def predicate(self, user: User) -> bool:
        return user.age > 3  # ERROR


class Mixed(Specification[User]):
    def predicate(self, user: User) -> bool:
        return contains(user.age, "x")  # ERROR


class Elsewhere(Specification[User]):
    def predicate(self, user: User) -> bool:
        return any_(user.lines, lambda line: line.amount > 3)  # ERROR


async def use(users: QueryableRepository[User]) -> None:
    query = users.query()
    query.where(lambda u: u.active & (u.age > 3))
    query.where(lambda u: u.email.contains("x") | ~u.active)
    query.where(lambda u: u.age.is_null())
    query.where("email", "like", "%@gmail.com").where("age", "is null").where(Reachable() & ~Busy())
    query.where(lambda u: u.age is None)  # ERROR
    query.where(lambda u: u.age is not None)  # ERROR
    query.where(lambda u: "x" in u.email)  # ERROR
    query.where(lambda u: not u.active)  # ERROR
    query.where(lambda u: u.data["x"] == 1)  # ERROR
    query.where(lambda u: True)  # ERROR
    query.where(lambda u: "yes")  # ERROR
    query.where("email", "is", "x")  # ERROR
    query.where(5)  # ERROR
    query.order_by("email", "up")  # ERROR
    query.limit("5")  # ERROR
