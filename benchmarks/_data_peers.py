"""What is measured in benchmarks/data.py: the hand-written session, Vega and its peers, each with the same calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from _data_orms import Piccolo, Tortoise
from _data_rows import ROWS, values
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from vega.data import Database, SQLAlchemyRepository
from vega.patterns.query import Naive

FLOOR = "hand-written session"


class Base(DeclarativeBase): ...


class Row(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(120))
    name: Mapped[str] = mapped_column(sa.String(80))
    active: Mapped[bool]
    age: Mapped[int | None] = mapped_column(index=True)
    score: Mapped[float]
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class User:
    id: int | None
    email: str
    name: str
    active: bool
    age: int | None
    score: float
    created_at: Annotated[datetime, Naive()]


class Session:
    name = FLOOR
    model: Any = Row

    async def open(self, url: str) -> None:
        self.engine = create_async_engine(url)
        self.make = async_sessionmaker(self.engine, expire_on_commit=False)

    async def close(self) -> None:
        await self.engine.dispose()

    async def get(self, number: int) -> Any:
        async with self.make() as session:
            return await session.get(self.model, number)

    async def query100(self, age: int) -> Any:
        model = self.model
        asked = sa.select(model).where(model.active.is_(True), model.age > age).order_by(model.age, model.id).limit(100)
        async with self.make() as session:
            return list((await session.scalars(asked)).all())

    async def count(self, _: int) -> Any:
        asked = sa.select(sa.func.count()).select_from(self.model).where(self.model.active.is_(True))
        async with self.make() as session:
            return await session.scalar(asked)

    async def update(self, number: int) -> Any:
        async with self.make.begin() as session:
            user = await session.get(self.model, number)
            user.name = f"changed {time.perf_counter_ns()}"
        return user

    async def insert(self, number: int) -> Any:
        async with self.make.begin() as session:
            user = self.model(**values(number))
            session.add(user)
        return user

    async def insert_many(self, number: int) -> Any:
        async with self.make.begin() as session:
            users = [self.model(**values(number + one)) for one in range(1000)]
            session.add_all(users)
        return users


class Vega:
    name = "vega"

    async def open(self, url: str) -> None:
        self.database = Database(url)
        await self.database.open()
        self.users: SQLAlchemyRepository[User] = SQLAlchemyRepository(
            User, database=self.database, table=Row.metadata.tables["users"]
        )

    async def close(self) -> None:
        await self.database.close()

    async def get(self, number: int) -> Any:
        return await self.users.find_by_id(number)

    async def query100(self, age: int) -> Any:
        return await self.users.query().where(lambda u: u.active & (u.age > age)).order_by("age").limit(100).get()

    async def count(self, _: int) -> Any:
        return await self.users.query().where(lambda u: u.active).count()

    async def update(self, number: int) -> Any:
        async with self.database.unit():
            user = await self.users.get(number)
            return await self.users.update(replace(user, name=f"changed {time.perf_counter_ns()}"))

    async def insert(self, number: int) -> Any:
        return await self.users.add(User(None, **values(number)))

    async def insert_many(self, number: int) -> Any:
        return await self.users.add_many([User(None, **values(number + one)) for one in range(1000)])


class AdvancedAlchemy(Session):
    name = "advanced-alchemy"

    async def open(self, url: str) -> None:
        from advanced_alchemy.repository import SQLAlchemyAsyncRepository

        await super().open(url)
        self.kind: Any = type("Repository", (SQLAlchemyAsyncRepository,), {"model_type": Row})

    async def get(self, number: int) -> Any:
        async with self.make() as session:
            return await self.kind(session=session).get(number)

    async def query100(self, age: int) -> Any:
        from advanced_alchemy.filters import LimitOffset

        async with self.make() as session:
            asked = (Row.active.is_(True), Row.age > age, LimitOffset(100, 0))
            return await self.kind(session=session).list(*asked, order_by=[("age", False), ("id", False)])

    async def count(self, _: int) -> Any:
        async with self.make() as session:
            return await self.kind(session=session).count(Row.active.is_(True))

    async def update(self, number: int) -> Any:
        async with self.make.begin() as session:
            repository = self.kind(session=session)
            user = await repository.get(number)
            user.name = f"changed {time.perf_counter_ns()}"
            return await repository.update(user)

    async def insert(self, number: int) -> Any:
        async with self.make.begin() as session:
            return await self.kind(session=session).add(Row(**values(number)))

    async def insert_many(self, number: int) -> Any:
        async with self.make.begin() as session:
            return await self.kind(session=session).add_many([Row(**values(number + one)) for one in range(1000)])


class SqlModel(Session):
    name = "sqlmodel"

    async def open(self, url: str) -> None:
        from pydantic import NaiveDatetime
        from sqlmodel import Field, SQLModel

        fields = {"email": str, "name": str, "active": bool, "age": int | None, "score": float}
        space: dict[str, Any] = {"__tablename__": "users", "__module__": __name__}
        space["__annotations__"] = {"id": int | None, **fields, "created_at": NaiveDatetime}
        SQLModel.metadata.clear()
        space |= {"id": Field(default=None, primary_key=True), "age": None}
        self.model = type(SQLModel)("SqlUser", (SQLModel,), space, table=True)
        await super().open(url)


PEERS: list[tuple[type[Any], str]] = [
    (Session, "sqlalchemy"),
    (Vega, "vega.data"),
    (AdvancedAlchemy, "advanced_alchemy"),
    (SqlModel, "sqlmodel"),
    (Piccolo, "piccolo"),
    (Tortoise, "tortoise"),
]
CALLS: dict[str, Callable[[Any, int], Any]] = {
    "get": lambda peer, number: peer.get(1 + number % ROWS),
    "query100": lambda peer, number: peer.query100(20 + number % 20),
    "count": lambda peer, number: peer.count(number),
    "update": lambda peer, number: peer.update(1 + number % ROWS),
    "insert 1": lambda peer, number: peer.insert(number),
    "insert 1000": lambda peer, number: peer.insert_many(number),
}
