"""Protean's side of benchmarks/data.py: run by an interpreter that has Protean, asked by lines of JSON.

    {"ask": "open", "url": ...}  {"ask": "get", "number": 5, "repeat": 25}  {"ask": "answers", "url": ...}

Each line is answered by one: null, seconds, or what was found. Protean is synchronous, and so is this.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
from typing import Any

import sqlalchemy as sa
from _data_rows import PEOPLE, QUESTIONS, ROWS, values
from protean import Domain, UnitOfWork
from protean.fields import Auto, Boolean, DateTime, Float, Integer, String

LOOKUPS = {"=": "", ">": "__gt", "in": "__in", "contains": "__contains"}
LOOKUPS |= {"icontains": "__icontains", "startswith": "__startswith"}


def domain_of(url: str) -> Any:
    domain = Domain(name="bench")
    provider = "memory" if not url else "sqlite" if url.startswith("sqlite") else "postgresql"
    domain.config["databases"]["default"] = (
        {"provider": provider, "database_uri": url} if url else {"provider": provider}
    )
    return domain


def made_table(domain: Any, kind: Any) -> sa.Table:
    """Make the table of an aggregate anew, and return it."""
    repository, engine = domain.repository_for(kind), domain.providers["default"]._engine
    table: sa.Table = repository._dao.database_model_cls.__table__
    table.drop(engine, checkfirst=True)
    table.create(engine)
    return table


class Users:
    """The calls of the benchmark, in a domain of one aggregate."""

    def __init__(self, url: str) -> None:
        domain = domain_of(url)

        @domain.aggregate(schema_name="protean_users")
        class User:
            id = Auto(identifier=True, increment=True)
            email = String(max_length=120)
            name = String(max_length=80)
            active = Boolean()
            age = Integer()
            score = Float()
            created_at = DateTime()

        domain.init(traverse=False)
        domain.domain_context().push()
        self.domain, self.kind = domain, User
        table = made_table(domain, User)
        names = "id, email, name, active, age, score, created_at"
        with domain.providers["default"]._engine.begin() as connection:
            connection.execute(sa.text(f"INSERT INTO {table.name} ({names}, _version) SELECT {names}, 0 FROM users"))
            if url.startswith("postgresql"):
                last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
                connection.execute(sa.text(last))

    @property
    def users(self) -> Any:
        return self.domain.repository_for(self.kind)

    def get(self, number: int) -> Any:
        return self.users.get(1 + number % ROWS)

    def query100(self, number: int) -> Any:
        age = 20 + number % 20
        asked = self.users.query.filter(active=True, age__gt=age).order_by(["age", "id"]).limit(100)
        return asked.all(with_total=False).items

    def count(self, _: int) -> Any:
        return self.users.query.filter(active=True).count()

    def update(self, number: int) -> Any:
        with UnitOfWork():
            users = self.users
            user = users.get(1 + number % ROWS)
            user.name = f"changed {time.perf_counter_ns()}"
            users.add(user)

    def insert(self, number: int) -> Any:
        return self.users.add(self.kind(**values(number)))

    def insert_many(self, number: int) -> Any:
        with UnitOfWork():
            users = self.users
            for one in range(1000):
                users.add(self.kind(**values(number + one)))

    def verify(self) -> None:
        assert self.get(6).email == values(7)["email"]
        asked = self.query100(10)
        assert len(asked) == 100
        assert [(user.age, user.id) for user in asked] == sorted((user.age, user.id) for user in asked)
        assert self.count(0) == ROWS * 4 // 5


def answers(url: str) -> list[Any]:
    """Return what Protean answers to the questions, in memory for an empty URL."""
    domain = domain_of(url)

    @domain.aggregate(schema_name="protean_people")
    class Person:
        id = Integer(identifier=True)
        name = String()
        age = Integer()
        active = Boolean()

    domain.init(traverse=False)
    with domain.domain_context():
        if url:
            made_table(domain, Person)
        for number, name, age, active in PEOPLE:
            domain.repository_for(Person).add(Person(id=number, name=name, age=age, active=active))
        return [answer(domain.repository_for(Person).query, *asked) for _, *asked in QUESTIONS]


def answer(query: Any, where: tuple[str, str, Any] | None, order: str, limit: int) -> list[int] | str:
    try:
        if where:
            query = query.filter(**{where[0] + LOOKUPS[where[1]]: where[2]})
        return [person.id for person in query.order_by(order).limit(limit).all().items]
    except Exception as error:  # noqa: BLE001 - an error is an answer, and the kind does not count
        return f"error: {type(error).__name__}" if os.environ.get("KINDS") else "error"


def main() -> None:
    logging.disable(logging.CRITICAL)
    replies, sys.stdout = sys.stdout, sys.stderr  # whatever else prints
    users: Any = None
    for line in sys.stdin:
        asked = json.loads(line)
        told: Any = None
        if asked["ask"] == "open":
            users = Users(asked["url"])
            users.verify()
        elif asked["ask"] == "answers":
            told = answers(asked["url"])
        else:
            call = getattr(users, asked["ask"])
            gc.collect()
            started = time.perf_counter()
            for number in range(asked["number"], asked["number"] + asked["repeat"]):
                call(number)
            told = time.perf_counter() - started
        replies.write(json.dumps(told) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
