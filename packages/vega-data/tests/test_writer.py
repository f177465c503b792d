"""Statements that store entities: no more of them, and no more columns, than are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from vega.data import Database, EntityMapping, SQLAlchemyRepository, TenantError, use_tenant
from vega.patterns import Specification


@dataclass(frozen=True)
class Product:
    id: int | None
    name: str
    price: Decimal = Decimal(1)
    note: str | None = None
    version: int = 0
    made: str | None = None


@dataclass(frozen=True)
class Rented:
    id: str
    owner: str
    name: str = ""


PRODUCT = EntityMapping(unique=("name",), version="version", created_by="made")
Products = SQLAlchemyRepository[Product]


class Named(Specification[Product]):
    def __init__(self, name: str) -> None:
        self.name = name

    def predicate(self, product: Any) -> Any:
        return product.name == self.name


def with_products(url: str, body: Callable[[Products, Database], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        async with Database(url, package="-") as database:
            products = SQLAlchemyRepository(Product, database=database, mapping=EntityMapping(**options))
            await database.create_all()
            return await body(products, database)

    return asyncio.run(main())


def test_a_hundred_are_upserted_by_one_statement(database_url: str, sent: Any) -> None:
    async def body(products: Products, database: Database) -> None:
        first = await products.upsert_many([Product(None, f"n{number}") for number in range(100)], on=("name",))
        with sent(database) as seen:
            again = await products.upsert_many([replace(one, id=None, note="new") for one in first], on=("name",))

        assert len([one for one in seen if "INSERT" in one]) == 1
        assert [one.id for one in again] == [one.id for one in first]
        assert {one.note for one in await products.find_all()} == {"new"}
        assert {one.version for one in again} == {2}

    with_products(database_url, body, unique=("name",), version="version")


def test_the_later_of_two_with_the_same_keys_wins(run: Callable[..., Any]) -> None:
    async def body(products: Any) -> None:
        twins = [Product(None, "a", note="1"), Product(None, "b"), Product(None, "a", note="2")]
        stored = await products.upsert_many(twins, on=("name",))

        assert [one.note for one in await products.find_all()] == ["2", None]
        assert [one.id for one in stored] == [1, 2, 1]
        assert [one.version for one in stored] == [1, 1, 2]

    run(Product, body, mapping=PRODUCT)


def test_missing_keys_are_equal_to_nothing(run: Callable[..., Any]) -> None:
    async def body(products: Any) -> None:
        stored = await products.upsert_many([Product(None, "a"), Product(None, "b")], on=("note",))
        await products.upsert_many([Product(None, "c")], on=("note",))

        assert [one.id for one in stored] == [1, 2]
        assert await products.count() == 3

    run(Product, body, mapping=EntityMapping(unique=("note",)))


def test_an_upsert_of_many_stops_at_another_tenant(run: Callable[..., Any]) -> None:
    async def body(rented: Any) -> None:
        with use_tenant("them"):
            await rented.add(Rented("1", "them"))
        with use_tenant("us"), pytest.raises(TenantError):
            await rented.upsert_many([Rented("0", "us"), Rented("1", "us", "stolen")])
        with use_tenant("them"):
            assert await rented.find_all() == [Rented("1", "them")]

    run(Rented, body, mapping=EntityMapping(tenant="owner"))


def test_saving_stops_at_another_tenant(run: Callable[..., Any]) -> None:
    async def body(rented: Any) -> None:
        with use_tenant("them"):
            await rented.add(Rented("1", "them"))
        with use_tenant("us"), pytest.raises(TenantError):
            await rented.save(Rented("1", "us", "stolen"))
        with use_tenant("them"):
            assert await rented.find_all() == [Rented("1", "them")]

    run(Rented, body, mapping=EntityMapping(tenant="owner"))


def test_a_thousand_are_added_by_one_statement_and_its_numbers(database_url: str, sent: Any) -> None:
    async def body(products: Products, database: Database) -> None:
        first = await products.add_many(
            [Product(None, "first"), Product(None, "second")]
        )  # SQLite's table is looked at
        with sent(database) as seen:
            stored = await products.add_many([Product(None, f"n{number}") for number in range(1000)])

        assert len([one for one in seen if one.startswith("INSERT")]) == 1
        assert len(seen) == 2
        assert [one.id for one in stored] == list(range(3, 1003))
        assert await products.find_all(limit=1002) == [*first, *stored]

    with_products(database_url, body)


def test_an_update_in_a_unit_writes_the_columns_that_changed(database_url: str, sent: Any) -> None:
    async def body(products: Products, database: Database) -> None:
        await products.add(Product(1, "a", note="x"))
        with sent(database) as seen:
            async with database.unit():
                await products.update(replace(await products.get(1), note="y"))

        (written,) = [one for one in seen if one.startswith("UPDATE")]
        assert "note=" in written
        assert "name=" not in written
        assert await products.get(1) == Product(1, "a", note="y")

    with_products(database_url, body)


def test_an_update_counts_the_version_up_also_when_nothing_else_changed(database_url: str) -> None:
    async def body(products: Products, database: Database) -> None:
        await products.add(Product(1, "a"))
        async with database.unit():
            await products.update(await products.get(1))

        assert (await products.get(1)).version == 2

    with_products(database_url, body, version="version")


async def by_many(products: Products, _database: Database) -> None:
    await products.update_where(Named("a"), name="b")


async def by_hand(_products: Products, database: Database) -> None:
    async with database.connection() as connection:
        await connection.exec_driver_sql("UPDATE products SET name = 'b'")


async def by_saving(products: Products, _database: Database) -> None:
    await products.save(Product(1, "b"))


async def by_merging(products: Products, _database: Database) -> None:
    await products.upsert_many([Product(1, "b")])


@pytest.mark.parametrize("change", [by_many, by_hand, by_saving, by_merging])
def test_an_update_overwrites_what_was_changed_behind_it(database_url: str, change: Any) -> None:
    async def body(products: Products, database: Database) -> None:
        await products.add(Product(1, "a"))
        async with database.unit():
            before = await products.get(1)
            await change(products, database)
            await products.update(replace(before, note="y"))

        assert await products.get(1) == Product(1, "a", note="y")

    with_products(database_url, body)


def test_an_update_after_an_undone_savepoint_writes_what_it_undid(database_url: str) -> None:
    async def body(products: Products, database: Database) -> None:
        await products.add(Product(1, "a"))
        async with database.unit() as unit:
            with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the savepoint
                async with unit.begin(savepoint=True):
                    await products.update(replace(await products.get(1), name="b"))
                    seen = await products.get(1)
                    raise ZeroDivisionError
            await products.update(seen)

        assert (await products.get(1)).name == "b"

    with_products(database_url, body)


def test_digits_that_are_equal_and_not_alike_are_written(database_url: str) -> None:
    async def body(products: Products, database: Database) -> None:
        await products.add(Product(1, "a", Decimal("0.1")))
        async with database.unit():
            await products.update(replace(await products.get(1), price=Decimal("0.10")))

        assert str((await products.get(1)).price) == "0.10"

    with_products(database_url, body)
