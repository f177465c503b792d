"""Mappings beside the fields: columns, keys, references, defaults, checks, and soft deletes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import sqlalchemy as sa

from vega.data import (
    ConstraintError,
    Database,
    DuplicateEntityError,
    EntityMapping,
    MappingError,
    Reference,
    SQLAlchemyRepository,
    StaleEntityError,
    UniqueKey,
    use_tenant,
)
from vega.patterns.query import any_, count


@dataclass
class Page:
    slug: str
    site: str = ""
    deleted: datetime | None = None
    id: str | None = None


@dataclass
class Versioned:
    slug: str
    deleted: datetime | None = None
    id: int | None = None
    version: int = 0


PAGES = EntityMapping(unique=("slug",), soft_delete="deleted")
VERSIONED = EntityMapping(unique=("slug",), soft_delete="deleted", version="version")


def test_a_unique_value_of_a_deleted_entity_is_free(run: Any) -> None:
    async def body(pages: Any) -> None:
        old = await pages.add(Page("about"))
        await pages.delete(old.id)
        new = await pages.add(Page("about"))
        with pytest.raises(DuplicateEntityError) as caught:
            await pages.add(Page("about"))
        assert caught.value.fields == ("slug",)
        with pytest.raises(DuplicateEntityError):
            await pages.restore(old.id)
        await pages.delete(new.id)
        assert await pages.restore(old.id)
        assert not await pages.restore(old.id)
        assert not await pages.restore("nobody")
        assert [page.id for page in await pages.find_all()] == [old.id]

    run(Page, body, mapping=PAGES)


@pytest.mark.parametrize("call", ["save", "upsert"])
def test_storing_a_deleted_entity_again_does_not_restore_it(run: Any, call: str) -> None:
    async def body(pages: Any) -> None:
        page = await pages.add(Page("faq"))
        await pages.delete(page.id)
        again = Page("faq", "new", id=page.id)
        stored = await pages.save(again) if call == "save" else (await pages.upsert_many([again]))[0]
        assert stored.deleted is not None
        assert await pages.find_by_id(page.id) is None
        (hidden,) = await pages.query().without("soft_delete").get()
        assert (hidden.site, hidden.deleted) == ("new", stored.deleted)
        assert await pages.restore(page.id)
        assert await pages.get(page.id) == Page("faq", "new", id=page.id)

    run(Page, body, mapping=PAGES)


def test_a_stale_version_does_not_restore_and_a_restore_counts(run: Any) -> None:
    async def body(pages: Any) -> None:
        page = await pages.add(Versioned("a"))
        await pages.delete(page.id)
        for version in (page.version, page.version + 1):
            with pytest.raises(StaleEntityError):
                await pages.save(replace(page, version=version))
        (merged,) = await pages.upsert_many([Versioned("a", id=page.id)])
        assert merged.deleted is not None
        assert await pages.restore(page.id)
        assert (await pages.get(page.id)).version == merged.version + 1

    run(Versioned, body, mapping=VERSIONED)


def test_an_upsert_by_a_unique_value_passes_over_the_deleted(run: Any) -> None:
    async def body(pages: Any) -> None:
        old = await pages.add(Page("a", "old"))
        await pages.delete(old.id)
        (first,) = await pages.upsert_many([Page("a", "1")], on=("slug",))
        (second,) = await pages.upsert_many([Page("a", "2")], on=("slug",))
        assert first.id == second.id != old.id
        assert [page.site for page in await pages.find_all()] == ["2"]

    run(Page, body, mapping=PAGES)


def test_a_key_can_count_the_deleted_too(run: Any) -> None:
    async def body(pages: Any) -> None:
        page = await pages.add(Page("a"))
        await pages.delete(page.id)
        with pytest.raises(DuplicateEntityError):
            await pages.add(Page("a"))

    run(Page, body, mapping=EntityMapping(unique=(UniqueKey("slug", where={}),), soft_delete="deleted"))


def test_a_restore_needs_a_soft_delete_and_the_own_tenant(run: Any) -> None:
    async def body(pages: Any) -> None:
        with use_tenant("acme"):
            page = await pages.add(Page("a"))
            await pages.delete(page.id)
        with use_tenant("other"):
            assert not await pages.restore(page.id)
        with use_tenant("acme"):
            assert await pages.restore(page.id)

    async def without(pages: Any) -> None:
        with pytest.raises(MappingError, match="has no soft delete"):
            await pages.restore("1")

    run(Page, body, mapping=EntityMapping(soft_delete="deleted", tenant="site"))


def test_a_restore_without_a_soft_delete_is_refused(run: Any) -> None:
    async def body(pages: Any) -> None:
        with pytest.raises(MappingError, match="has no soft delete"):
            await pages.restore("1")

    run(Page, body)


class Kind(Enum):
    HOME = "it's home"
    WORK = "work"


@dataclass
class Contact:
    user: int
    kind: Kind = Kind.HOME
    main: bool = False
    rank: Decimal = Decimal("1.50")
    id: int | None = None


@pytest.mark.parametrize(
    ("where", "meets", "fails"),
    [
        ({"main": True}, {"main": True}, {"main": False}),
        ({"main": False}, {"main": False}, {"main": True}),
        ({"kind": Kind.HOME}, {"kind": Kind.HOME}, {"kind": Kind.WORK}),
        ({"rank": Decimal("1.5")}, {"rank": Decimal("1.50")}, {"rank": Decimal("1.51")}),
        ({"main": True, "kind": Kind.WORK}, {"main": True, "kind": Kind.WORK}, {"main": True}),
    ],
)
def test_a_key_holds_for_those_that_meet_its_condition(run: Any, where: Any, meets: Any, fails: Any) -> None:
    async def body(contacts: Any) -> None:
        first = await contacts.add(Contact(1, **meets))
        await contacts.add_many([Contact(1, **fails), Contact(1, **fails), Contact(2, **meets)])
        with pytest.raises(DuplicateEntityError) as caught:
            await contacts.add(Contact(1, **meets))
        assert caught.value.fields == ("user",)
        (merged,) = await contacts.upsert_many([Contact(1, **meets)], on=("user",))
        assert merged.id == first.id
        assert await contacts.count() == 4

    run(Contact, body, mapping=EntityMapping(unique=(UniqueKey("user", where=where),)))


def test_keys_over_the_same_fields_under_different_conditions_stand_together(database_url: str) -> None:
    keys = (UniqueKey("user", where={"kind": Kind.HOME}), UniqueKey("user", where={"kind": Kind.WORK}))

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            contacts = SQLAlchemyRepository(Contact, database=database, mapping=EntityMapping(unique=keys))
            await database.create_all()
            await contacts.add_many([Contact(1), Contact(1, Kind.WORK)])
            for kind in Kind:
                with pytest.raises(DuplicateEntityError):
                    await contacts.add(Contact(1, kind))

    asyncio.run(main())


@dataclass(frozen=True)
class Address:
    city: str


@dataclass(frozen=True)
class Line:
    sku: str
    count: int = 1


@dataclass
class Order:
    name: str
    address: Address
    version: int = 0
    lines: list[Line] = field(default_factory=list[Line])
    id: int | None = None


RENAMED = EntityMapping(
    table="tbl Orders",
    version="version",
    unique=("name",),
    indexes=(("address.city", "id"),),
    columns={
        "id": "Order No",
        "name": "select",
        "address.city": "ort (Stadt): %s",
        "version": "v",
        "lines.sku": "SKU",
        "lines.count": "count(*)",
    },
)


def test_columns_have_the_names_that_are_declared(run: Any) -> None:
    async def body(orders: Any) -> None:
        (first, _) = await orders.add_many(
            [Order("a", Address("Rome"), lines=[Line("x", 3)]), Order("b", Address("O"))]
        )
        saved = await orders.save(replace(first, name="c"))
        assert await orders.get(saved.id) == saved
        assert await orders.query().where("address.city", "=", "Rome").order_by("name").get() == [saved]
        assert await orders.query().where(lambda o: any_(o.lines, lambda line: line.count == 3)).count() == 1
        with pytest.raises(DuplicateEntityError) as caught:
            await orders.add(Order("b", Address("P")))
        assert caught.value.fields == ("name",)
        await orders.upsert_many([Order("b", Address("Q"))], on=("name",))
        groups = await orders.query().group("address.city").aggregate(n=count())
        assert [(group["address.city"], group["n"]) for group in groups] == [("Q", 1), ("Rome", 1)]
        assert [order.address.city async for order in orders.stream()] == ["Rome", "Q"]

    run(Order, body, mapping=RENAMED)


def test_the_database_holds_the_declared_columns(database_url: str) -> None:
    async def main() -> Any:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(Order, database=database, mapping=RENAMED)
            await database.create_all()
            async with database.engine.connect() as connection:
                return await connection.run_sync(
                    lambda sync: {
                        table: [column["name"] for column in sa.inspect(sync).get_columns(table)]
                        for table in sa.inspect(sync).get_table_names()
                    }
                )

    assert asyncio.run(main()) == {
        "tbl Orders": ["select", "ort (Stadt): %s", "v", "Order No"],
        "tbl Orders_lines": ["tbl Order_Order No", "position", "SKU", "count(*)"],
    }


@dataclass
class Author:
    name: str
    id: int | None = None


@dataclass
class Book:
    author_id: int | None
    id: int | None = None


@pytest.mark.parametrize(("action", "left"), [("cascade", []), ("set null", [None])])
def test_the_database_acts_on_rows_that_refer_to_a_deleted_one(database_url: str, action: Any, left: list[Any]) -> None:
    async def main() -> list[Any]:
        async with Database(database_url, package="-") as database:
            authors = SQLAlchemyRepository(Author, database=database, mapping=EntityMapping(columns={"id": "no"}))
            references = {"author_id": Reference("authors.id", on_delete=action)}
            books = SQLAlchemyRepository(Book, database=database, mapping=EntityMapping(references=references))
            await database.create_all()
            author = await authors.add(Author("Ada"))
            await books.add(Book(author.id))
            await authors.delete(author.id)
            return [book.author_id for book in await books.find_all()]

    assert asyncio.run(main()) == left


@dataclass
class Product:
    name: str
    price: int = 0
    kind: Kind = Kind.HOME
    rank: Decimal = Decimal(0)
    active: bool = True
    since: datetime | None = None
    id: int | None = None


def test_server_defaults_and_checks_hold_for_other_programs(database_url: str) -> None:
    since = datetime.fromisoformat("2024-05-06T07:08:09+02:00")
    mapping = EntityMapping(
        server_defaults={
            "price": 7,
            "kind": Kind.HOME,
            "rank": Decimal("-1.50"),
            "active": False,
            "since": since,
            "name": "100% 'o' \\ :x",
        },
        checks={"price_is_positive": "price >= 0 AND name <> '%s :a'"},
    )

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            products = SQLAlchemyRepository(Product, database=database, mapping=mapping)
            await database.create_all()
            async with database.connection() as connection:
                await connection.exec_driver_sql("INSERT INTO products (id) VALUES (5)")
            assert await products.get(5) == Product(
                "100% 'o' \\ :x", 7, Kind.HOME, Decimal("-1.50"), active=False, since=since, id=5
            )
            with pytest.raises(ConstraintError):
                await products.add(Product("x", -1))
            with pytest.raises(ConstraintError):
                await products.add(Product("%s :a"))

    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": {"nope": "x"}}, "has no stored field 'nope'"),
        ({"columns": {"name": "id"}}, "would share the column id"),
        ({"columns": {"name": "n" * 64}}, "more than 63 bytes"),
        ({"columns": {"name": "é" * 32}}, "more than 63 bytes"),
        ({"table": "t" * 64}, "more than 63 bytes"),
        ({"checks": {"c" * 64: "1 = 1"}}, "more than 63 bytes"),
        ({"server_defaults": {"nope": 1}}, "has no stored field 'nope'"),
        ({"server_defaults": {"price": "many"}}, "server_defaults"),
        ({"unique": (UniqueKey("name", where={"nope": 1}),)}, "has no stored field 'nope'"),
        ({"unique": (UniqueKey("name", where={"price": "x"}),)}, "unique"),
        ({"references": {"name": "users"}}, "names no column"),
        ({"references": {"name": Reference("users.id", on_delete="set null")}}, "cannot be missing"),
        ({"references": {"name": Reference("users.id", on_delete="explode")}}, "is not an action"),  # type: ignore[arg-type] # what is refused
    ],
)
def test_a_mapping_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        SQLAlchemyRepository(Product, database=Database("sqlite://", package="-"), mapping=EntityMapping(**options))


def test_a_table_written_by_hand_may_have_other_column_names(database_url: str) -> None:
    table = sa.Table(
        "writers",
        sa.MetaData(),
        sa.Column("writer_no", sa.Integer, primary_key=True),
        sa.Column("full name", sa.Text, nullable=False),
    )
    mapping = EntityMapping(columns={"id": "writer_no", "name": "full name"})

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            authors = SQLAlchemyRepository(Author, database=database, table=table, mapping=mapping)
            await database.create_all()
            author = await authors.save(await authors.add(Author("Ada")))
            assert await authors.query().where("name", "=", "Ada").get() == [author]

    asyncio.run(main())
