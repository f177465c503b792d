"""Vega's answers to the questions of _data_rows.py, in memory and in a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from _data_rows import PEOPLE, QUESTIONS

from vega.data import Database, InMemoryRepository, SQLAlchemyRepository
from vega.patterns.query import QueryError


@dataclass(frozen=True)
class Person:
    id: int
    name: str | None
    age: int | None
    active: bool


async def answers_of_vega(url: str) -> list[Any]:
    """Return an answer for each question, from memory for an empty URL."""
    if not url:
        return await _answers(InMemoryRepository(Person))
    async with Database(url, package="-") as database:
        people = SQLAlchemyRepository(Person, database=database)
        await database.create_all()
        return await _answers(people)


async def _answers(people: Any) -> list[Any]:
    await people.add_many([Person(*row) for row in PEOPLE])
    told: list[Any] = []
    for _, where, order, limit in QUESTIONS:
        try:
            query = people.query()
            if where:
                field, op, value = where
                query = query.where(field, *(("ilike", f"%{value}%") if op == "icontains" else (op, value)))
            ordered = query.order_by(order.removeprefix("-"), "desc" if order.startswith("-") else "asc")
            told.append([person.id for person in await ordered.limit(limit).get()])
        except QueryError:
            told.append("error")
    return told
