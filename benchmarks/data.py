"""vega.data against a hand-written AsyncSession, advanced-alchemy and SQLModel, interleaved in one process.

    python benchmarks/data.py [--rounds 15] [--postgres URL]

Each call is one unit of work on a table of 10,000 rows; the figure is the median over the rounds of the ratio to the
hand-written session in the same round. A peer that returns a wrong answer is not timed; one that is not installed is
left out by name. SQLite lies in memory-backed storage where there is some.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib.util
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from vega.data import Database, SQLAlchemyRepository
from vega.patterns.query import Naive
from vega.testing import PostgresServer

ROWS = 10_000
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None)
REPEATS = {"get": 25, "query100": 8, "count": 8, "update": 10, "insert 1": 10, "insert 1000": 1}
LIMITS = {"get": 0.95, "query100": 0.9, "count": 0.95, "update": 0.95, "insert 1": 0.95, "insert 1000": 0.4}
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


def values(number: int) -> dict[str, Any]:
    return {
        "email": f"user{number}@{'gmail.com' if number % 3 else 'example.org'}",
        "name": f"User {number:05d}",
        "active": number % 5 != 0,
        "age": None if number % 11 == 0 else 18 + number % 60,
        "score": number / 7.0,
        "created_at": NOW + timedelta(seconds=number),
    }


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
]
CALLS: dict[str, Callable[[Any, int], Any]] = {
    "get": lambda peer, number: peer.get(1 + number % ROWS),
    "query100": lambda peer, number: peer.query100(20 + number % 20),
    "count": lambda peer, number: peer.count(number),
    "update": lambda peer, number: peer.update(1 + number % ROWS),
    "insert 1": lambda peer, number: peer.insert(number),
    "insert 1000": lambda peer, number: peer.insert_many(number),
}


async def seed(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(sa.insert(Row), [values(number) for number in range(1, ROWS + 1)])
    await engine.dispose()


async def verify(peer: Any) -> None:
    found = await peer.get(7)
    assert (found.id, found.email, found.created_at) == (7, values(7)["email"], values(7)["created_at"])
    asked = await peer.query100(30)
    assert len(asked) == 100
    assert [(user.age, user.id) for user in asked] == sorted((user.age, user.id) for user in asked)
    assert await peer.count(0) == ROWS * 4 // 5


async def measure(url: str, rounds: int) -> dict[str, dict[str, float]]:
    await seed(url)
    peers = []
    for kind, module in PEERS:
        with contextlib.suppress(ModuleNotFoundError):
            if importlib.util.find_spec(module) is None:
                continue
            peer = kind()
            await peer.open(url)
            await verify(peer)
            peers.append(peer)
    ratios: dict[str, dict[str, float]] = {}
    for call, function in CALLS.items():
        seen: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for number in range(rounds):
            for peer in peers:
                gc.collect()
                started = time.perf_counter()
                for repeat in range(REPEATS[call]):
                    await function(peer, number * 37 + repeat)
                seen[peer.name].append(time.perf_counter() - started)
        floor = seen[FLOOR]
        ratios[call] = {
            name: statistics.median(one / other for one, other in zip(times[1:], floor[1:], strict=True))
            for name, times in seen.items()
        }
        ratios[call]["floor us"] = statistics.median(floor[1:]) / REPEATS[call] * 1e6
    for peer in peers:
        await peer.close()
    return ratios


def show(title: str, ratios: dict[str, dict[str, float]], *, bulk_limit: float) -> bool:
    names = list(next(iter(ratios.values())))
    print(f"\n{title}: ratio to the {FLOOR}, lower is better")
    print(f"{'call':12} {'limit':>6} " + " ".join(f"{name:>20}" for name in names))
    kept = True
    for call, row in ratios.items():
        limit = bulk_limit if call == "insert 1000" else LIMITS[call]
        kept = kept and row["vega"] <= limit
        print(f"{call:12} {limit:6.2f} " + " ".join(f"{row[name]:20.2f}" for name in names))
    return kept


def main() -> int:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--postgres", default="", help="an empty PostgreSQL database; else one is started")
    options = parser.parse_args()
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as folder:
        url = f"sqlite+aiosqlite:///{folder}/bench.db"
        asyncio.run(_journal(url))
        kept = show("SQLite", asyncio.run(measure(url, options.rounds)), bulk_limit=0.1)
    with contextlib.ExitStack() as stack:
        url = options.postgres or postgres(stack)
        kept = show("PostgreSQL", asyncio.run(measure(url, options.rounds)), bulk_limit=0.4) and kept
    return 0 if kept else 1


def postgres(stack: contextlib.ExitStack) -> str:
    """Start a server that ends with the stack; return the URL of a database on it."""
    before, sign, query = stack.enter_context(PostgresServer()).url.partition("?")
    return f"{before}postgres{sign}{query}"


async def _journal(url: str) -> None:
    """Give the file the journal that every peer then uses."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    await engine.dispose()


if __name__ == "__main__":
    raise SystemExit(main())
