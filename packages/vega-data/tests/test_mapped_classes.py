"""Classes that SQLAlchemy maps, as entities: each of their features is right or refused by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    MappedAsDataclass,
    Session,
    WriteOnlyMapped,
    column_property,
    composite,
    mapped_column,
    registry,
    relationship,
    synonym,
)
from sqlalchemy.orm.exc import DetachedInstanceError

from vega.data import Database, EntityMapping, InMemoryRepository, InvalidEntityError, MappingError, StaleEntityError
from vega.data import SQLAlchemyRepository as Repository
from vega.patterns.query import UnknownFieldError


class Base(DeclarativeBase): ...


class Author(Base):
    __tablename__ = "mapped_authors"
    id: Mapped[int] = mapped_column("author_no", primary_key=True)
    name: Mapped[str]
    books: Mapped[list[Book]] = relationship(back_populates="author")
    shelf: WriteOnlyMapped[Book] = relationship(overlaps="books,author")
    first: Mapped[Book | None] = relationship(viewonly=True)

    def __init__(self, name: str) -> None:  # the ORM does not call it for rows, and takes no keyword of the columns
        self.name = name


class Book(Base):
    __tablename__ = "mapped_books"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("mapped_authors.author_no"))
    title: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)
    author: Mapped[Author] = relationship(back_populates="books")
    __mapper_args__: ClassVar[Any] = {"version_id_col": revision}


def test_a_relationship_of_an_entity_that_was_read_is_not_silently_empty(run: Any) -> None:
    async def body(authors: Any) -> None:
        stored = await authors.add(Author("Ada"))
        for found in (await authors.get(stored.id), *await authors.find_all(), *await authors.query().get()):
            assert (found.id, found.name) == (stored.id, "Ada")
            for name in ("books", "first"):
                with pytest.raises(DetachedInstanceError, match=name):
                    getattr(found, name)
            found.name = "Eve"
            assert (await authors.update(found)).name == "Eve"
            found.name = "Ada"
            await authors.save(found)

    run(Author, body)


@contextmanager
def refused(name: str) -> Iterator[None]:
    with pytest.raises(InvalidEntityError, match=f"the relationship {name} has changes"):
        yield


def test_children_are_refused_and_not_dropped(run: Any) -> None:
    def with_book() -> Author:
        author = Author("Bob")
        author.books.append(Book(title="Lost"))
        return author

    async def body(authors: Any) -> None:
        for store in (authors.add, authors.save):
            with refused("books"):
                await store(with_book())
        for store in (authors.add_many, authors.upsert_many):
            with refused("books"):
                await store([Author("Eve"), with_book()])
        shelved = Author("Cy")
        shelved.shelf.add(Book(title="Lost"))
        with refused("shelf"):
            await authors.add(shelved)
        empty = Author("Dan")
        empty.books = []
        await authors.add(empty)
        empty.books.append(Book(title="Lost"))
        for store in (authors.update, authors.save):
            with refused("books"):
                await store(empty)
        assert [one.name for one in await authors.find_all()] == ["Dan"]

    run(Author, body)


def test_a_parent_in_place_of_its_key_is_refused() -> None:
    async def main() -> None:
        with refused("author"):
            await InMemoryRepository(Book).add(Book(title="One", author=Author("Ada")))

    asyncio.run(main())


class Draft(Base):
    __tablename__ = "mapped_drafts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)
    __mapper_args__: ClassVar[Any] = {"version_id_col": revision}


def test_the_version_of_the_class_is_the_version(run: Any) -> None:
    async def body(drafts: Any) -> None:
        draft = await drafts.add(Draft(title="One"))
        assert draft.revision == 1
        again = await drafts.get(draft.id)
        draft.title = "Two"
        assert (await drafts.update(draft)).revision == 2
        again.title = "Three"
        with pytest.raises(StaleEntityError):
            await drafts.update(again)
        assert (await drafts.get(draft.id)).title == "Two"

    run(Draft, body)


def test_another_version_or_another_way_to_count_is_refused() -> None:
    class Local(DeclarativeBase): ...

    class Counted(Local):
        __tablename__ = "counted"
        id: Mapped[int] = mapped_column(primary_key=True)
        version: Mapped[int] = mapped_column()
        __mapper_args__: ClassVar[Any] = {
            "version_id_col": version,
            "version_id_generator": lambda last: (last or 0) + 10,
        }

    class ByDatabase(Local):
        __tablename__ = "by_database"
        id: Mapped[int] = mapped_column(primary_key=True)
        version: Mapped[int] = mapped_column()
        __mapper_args__: ClassVar[Any] = {"version_id_col": version, "version_id_generator": False}

    class Text(Local):
        __tablename__ = "text"
        id: Mapped[int] = mapped_column(primary_key=True)
        version: Mapped[str] = mapped_column()
        __mapper_args__: ClassVar[Any] = {"version_id_col": version}

    for entity in (Counted, ByDatabase):
        with pytest.raises(MappingError, match="version_id_col, version, that does not count up by one"):
            Repository(entity, database=_database())
    with pytest.raises(MappingError, match="version cannot be the version: it is not a int"):
        Repository(Text, database=_database())
    with pytest.raises(MappingError, match="version_id_col revision, but author_id is named as the version"):
        Repository(Book, database=_database(), mapping=EntityMapping(version="author_id"))


def test_a_class_that_shares_rows_or_cannot_be_read_alone_is_refused() -> None:
    class Local(DeclarativeBase): ...

    class Employee(Local):
        __tablename__ = "employees"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        __mapper_args__: ClassVar[Any] = {"polymorphic_on": "kind", "polymorphic_identity": "employee"}

    class Manager(Employee):
        __mapper_args__: ClassVar[Any] = {"polymorphic_identity": "manager"}

    class Engineer(Employee):
        __tablename__ = "engineers"
        id: Mapped[int] = mapped_column(sa.ForeignKey("employees.id"), primary_key=True)
        __mapper_args__: ClassVar[Any] = {"polymorphic_identity": "engineer"}

    class Chair(Local):
        __tablename__ = "chairs"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner: Mapped[int] = mapped_column(sa.ForeignKey("desks.id"))

    class Desk(Local):
        __tablename__ = "desks"
        id: Mapped[int] = mapped_column(primary_key=True)
        chairs: DynamicMapped[Chair] = relationship()

    for entity in (Employee, Manager, Engineer):
        with pytest.raises(MappingError, match=rf"{entity.__name__} shares its table or its identifiers"):
            Repository(entity, database=_database())
        with pytest.raises(MappingError, match="inheritance"):
            InMemoryRepository(entity)
    with pytest.raises(MappingError, match="Desk has the dynamic relationship chairs"):
        Repository(Desk, database=_database())


def test_a_mapping_that_sqlalchemy_refuses_is_refused_by_name() -> None:
    class Local(DeclarativeBase): ...

    class Broken(Local):
        __tablename__ = "broken"
        id: Mapped[int] = mapped_column(primary_key=True)
        missing: Mapped[Any] = relationship("NothingOfThatName")

    with pytest.raises(MappingError, match=r"Broken cannot be mapped by SQLAlchemy: .*NothingOfThatName"):
        Repository(Broken, database=_database())


class Tagged(Base):
    __tablename__ = "mapped_tagged"
    id: Mapped[int] = mapped_column(primary_key=True)
    tags: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(sa.JSON()))
    words: Mapped[list[Any]] = mapped_column(MutableList.as_mutable(sa.JSON()))


def test_mutable_json_of_sqlalchemy_is_stored_as_plain_json(run: Any) -> None:
    async def body(tagged: Any) -> None:
        stored = await tagged.add(Tagged(tags={"a": 1}, words=["b"]))
        found = await tagged.get(stored.id)
        assert (found.tags, found.words) == ({"a": 1}, ["b"])
        found.tags["c"] = [2]
        await tagged.update(found)
        assert (await tagged.get(stored.id)).tags == {"a": 1, "c": [2]}

    run(Tagged, body)


@dataclass
class Point:
    x: int
    y: int


class Place(Base):
    __tablename__ = "mapped_places"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(deferred=True)
    x: Mapped[int]
    y: Mapped[int]
    at: Mapped[datetime | None]
    point: Mapped[Point] = composite("x", "y")
    title = synonym("name")
    shout = column_property(sa.func.upper(name))

    @hybrid_property
    def sum(self) -> int:
        return self.x + self.y


def test_attributes_without_a_column_of_their_own_follow_those_that_have_one(run: Any) -> None:
    async def body(places: Any) -> None:
        at = datetime(2022, 1, 8, 9)  # noqa: DTZ001 - the column has no time zone
        stored = await places.add(Place(title="Rome", point=Point(1, 2), at=at))
        found = await places.get(stored.id)
        assert (found.name, found.title, found.point, found.sum, found.at) == ("Rome", "Rome", Point(1, 2), 3, at)
        found.title, found.point = "Oslo", Point(5, 6)
        await places.update(found)
        (found,) = await places.query().where("at", "=", at).where("x", ">", 4).get()
        assert (found.name, found.y, found.sum) == ("Oslo", 6, 11)
        with pytest.raises(DetachedInstanceError):
            _ = found.shout
        for name in ("title", "point", "shout", "sum"):
            with pytest.raises(UnknownFieldError):
                await places.query().where(name, "=", "x").get()

    run(Place, body)


class DataBase(MappedAsDataclass, DeclarativeBase): ...


class Owner(DataBase):
    __tablename__ = "mapped_owners"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    pets: Mapped[list[Pet]] = relationship(default_factory=list)


class Pet(DataBase):
    __tablename__ = "mapped_pets"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("mapped_owners.id"))


def test_a_mapped_dataclass_is_one_of_the_mapped_classes(run: Any) -> None:
    async def body(owners: Any) -> None:
        stored = await owners.add(Owner("Ada"))
        found = await owners.get(stored.id)
        assert (found.id, found.name) == (stored.id, "Ada")
        with pytest.raises(DetachedInstanceError):
            _ = found.pets
        with refused("pets"):
            await owners.add(Owner("Bob", [Pet(1)]))

    run(Owner, body)


def test_an_imperatively_mapped_class_is_one_of_the_mapped_classes(run: Any) -> None:
    @dataclass
    class Tag:
        name: str
        id: int | None = None

    table = sa.Table(
        "mapped_tags", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text)
    )
    registry().map_imperatively(Tag, table)

    async def body(tags: Any) -> None:
        stored = await tags.add(Tag("a"))
        assert await tags.get(stored.id) == Tag("a", stored.id)
        assert [tag.name for tag in await tags.find_all()] == ["a"]

    run(Tag, body)


def test_an_entity_that_was_read_can_be_given_to_a_session(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"

    async def main() -> Any:
        async with Database(url, package="-") as database:
            authors = Repository(Author, database=database)
            await database.create_all()
            return await authors.get((await authors.add(Author("Ada"))).id)

    author = asyncio.run(main())
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(author)
        assert author.books == []
        author.name = "Eve"
        session.commit()
        assert session.scalars(sa.select(Author.name)).all() == ["Eve"]
    engine.dispose()


def _database() -> Database:
    return Database("sqlite://", package="-")
