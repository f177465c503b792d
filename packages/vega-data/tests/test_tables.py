"""The names of the tables that are made from entities."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from vega.data import Database, EntityMapping, SQLAlchemyRepository


@dataclass(frozen=True)
class Phone:
    number: str


@dataclass
class Person:
    id: int
    phones: list[Phone] = field(default_factory=list[Phone])


@dataclass
class _Order:
    id: int


@dataclass
class Item__Of_Stock_:  # noqa: N801 - the underscores are what is tested
    id: int


@pytest.mark.parametrize(("entity", "table"), [(_Order, "orders"), (Item__Of_Stock_, "item_of_stocks")])
def test_the_name_of_a_table_has_no_empty_word(entity: type, table: str) -> None:
    database = Database("sqlite://", package="-")
    SQLAlchemyRepository(entity, database=database)

    assert set(database.metadata().tables) == {table}


@pytest.mark.parametrize(
    ("given", "table", "owner"), [("", "people", "person_id"), ("staff_members", "staff_members", "staff_member_id")]
)
def test_the_table_of_a_collection_names_one_owner(given: str, table: str, owner: str) -> None:
    database = Database("sqlite://", package="-")
    SQLAlchemyRepository(Person, database=database, mapping=EntityMapping(table=given))

    assert [column.name for column in database.metadata().tables[f"{table}_phones"].columns] == [
        owner,
        "position",
        "number",
    ]
