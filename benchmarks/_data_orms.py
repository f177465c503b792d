"""Two peers of benchmarks/data.py that do not stand on SQLAlchemy: Piccolo and Tortoise, with the calls of the others.

Piccolo has a table of its own, filled alike, since it reads times in SQLite only from columns that it has declared.
"""

from __future__ import annotations

import sys
import time
import types
from typing import Any

from _data_rows import ROWS, values


class Piccolo:
    name = "piccolo"

    async def open(self, url: str) -> None:
        from piccolo.columns import Boolean, DoublePrecision, Integer, Serial, Timestamp, Varchar
        from piccolo.engine.postgres import PostgresEngine
        from piccolo.engine.sqlite import SQLiteEngine
        from piccolo.table import Table

        self.pooled = "postgresql" in url
        if self.pooled:
            self.engine: Any = PostgresEngine(config={"dsn": url.replace("+asyncpg", "")})
            await self.engine.start_connection_pool(min_size=1, max_size=5)
        else:
            self.engine = SQLiteEngine(path=url.partition(":///")[2])
        columns = {
            "id": Serial(primary_key=True),
            "email": Varchar(length=120),
            "name": Varchar(length=80),
            "active": Boolean(),
            "age": Integer(null=True, index=True),
            "score": DoublePrecision(),
            "created_at": Timestamp(),
        }
        self.users: Any = types.new_class(
            "PiccoloUser",
            (Table,),
            {"tablename": "piccolo_users", "db": self.engine},
            lambda space: space.update(columns),
        )
        await self.users.alter().drop_table(if_exists=True)
        await self.users.create_table()
        rows = [self.users(**values(number)) for number in range(1, ROWS + 1)]
        for start in range(0, ROWS, 1000):
            await self.users.insert(*rows[start : start + 1000])

    async def close(self) -> None:
        if self.pooled:
            await self.engine.close_connection_pool()

    async def get(self, number: int) -> Any:
        return await self.users.objects().get(self.users.id == number)

    async def query100(self, age: int) -> Any:
        user = self.users
        asked = user.objects().where((user.active == True) & (user.age > age))  # noqa: E712 - Piccolo's own language
        return await asked.order_by(user.age, user.id).limit(100)

    async def count(self, _: int) -> Any:
        return await self.users.count().where(self.users.active == True)  # noqa: E712 - Piccolo's own language

    async def update(self, number: int) -> Any:
        user = await self.get(number)
        user.name = f"changed {time.perf_counter_ns()}"
        await user.save([self.users.name])
        return user

    async def insert(self, number: int) -> Any:
        return await self.users.objects().create(**values(number))

    async def insert_many(self, number: int) -> Any:
        users = [self.users(**values(number + one)) for one in range(1000)]
        await self.users.insert(*users)
        return users


class Tortoise:
    name = "tortoise"

    async def open(self, url: str) -> None:
        from tortoise import Tortoise, fields, models

        columns = {
            "id": fields.IntField(primary_key=True),
            "email": fields.CharField(max_length=120),
            "name": fields.CharField(max_length=80),
            "active": fields.BooleanField(),
            "age": fields.IntField(null=True),
            "score": fields.FloatField(),
            "created_at": fields.DatetimeField(),
        }
        place = types.ModuleType(f"_tortoise_{abs(hash(url))}")
        space = {**columns, "Meta": type("Meta", (), {"table": "users"}), "__module__": place.__name__}
        self.users: Any = type("TortoiseUser", (models.Model,), space)
        sys.modules[place.__name__] = place
        vars(place)["TortoiseUser"] = self.users
        plain = url.replace("postgresql+asyncpg://", "asyncpg://").replace("sqlite+aiosqlite:///", "sqlite://")
        name = plain.partition(":")[0]  # what is prepared for a database is kept by the name of its connection
        apps = {name: {"models": [place.__name__], "default_connection": name}}
        await Tortoise.init(config={"connections": {name: plain}, "apps": apps, "use_tz": False})

    async def close(self) -> None:
        from tortoise import Tortoise

        await Tortoise.close_connections()

    async def get(self, number: int) -> Any:
        return await self.users.get(id=number)

    async def query100(self, age: int) -> Any:
        return await self.users.filter(active=True, age__gt=age).order_by("age", "id").limit(100)

    async def count(self, _: int) -> Any:
        return await self.users.filter(active=True).count()

    async def update(self, number: int) -> Any:
        user = await self.users.get(id=number)
        user.name = f"changed {time.perf_counter_ns()}"
        await user.save(update_fields=["name"])
        return user

    async def insert(self, number: int) -> Any:
        return await self.users.create(**values(number))

    async def insert_many(self, number: int) -> Any:
        users = [self.users(**values(number + one)) for one in range(1000)]
        await self.users.bulk_create(users)
        return users
