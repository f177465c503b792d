"""What checkers infer for use cases, repositories, queries, decorators, settings and the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, assert_type

from pydantic import BaseModel

from vega.core import Application, MemoryStore, Store
from vega.core.extend import Plugin
from vega.core.telemetry import Counter, TelemetryBehaviour, TelemetryMiddleware, span
from vega.di import bind
from vega.discovery import Found, discover
from vega.errors import ErrorKind
from vega.events import Event, EventBus, subscribe
from vega.patterns import (
    Interactor,
    Mediator,
    QueryableRepository,
    Specification,
    set_behaviours,
    transactional,
    trigger,
    validate,
)
from vega.patterns.query import CursorPage, Page, Query, Slice, any_, between, contains, in_, not_, some
from vega.patterns.validators import Iban, Messages, MoneyRule, Rule
from vega.settings import BaseSettings


@dataclass
class Line:
    quantity: int


@dataclass
class User:
    id: str
    name: str
    active: bool
    lines: list[Line]
    age: int | None = None


@dataclass(frozen=True)
class UserCreated(Event):
    user_id: str


class Users(QueryableRepository[User]): ...


@trigger(UserCreated)
@transactional
@dataclass(frozen=True)
class CreateUser(Interactor[User]):
    name: str

    @bind
    async def call(self, users: Users) -> User:
        return await users.save(User("1", self.name, True, []))


class Short(Interactor[int]):
    class Input(BaseModel):
        number: int

    input: Input

    async def call(self) -> int:
        assert_type(self.input.number, int)
        return self.input.number


class Register(Mediator[str]):
    async def call(self) -> str:
        user = await CreateUser("Ada")
        assert_type(user, User)
        return user.name


class Adult(Specification[User]):
    def predicate(self, user: User) -> bool:
        return (
            (some(user.age) > 18)
            & contains(user.name, "a")
            & not_(user.active)
            & in_(user.name, ["Ada"])
            & between(user.age, 1, 2)
            & any_(user.lines, lambda line: line.quantity > 3)
        )


@validate
def double(number: int, *, times: int = 2) -> int:
    return number * times


@transactional
async def work(number: int) -> str:
    return str(number)


async def use(users: Users) -> None:
    assert_type(await CreateUser("Ada"), User)
    assert_type(await CreateUser(name="Ada"), User)
    assert_type(await Short(number=1), int)
    assert_type(await Register(), str)
    assert_type(double(2, times=3), int)
    assert_type(await work(3), str)
    assert_type(users.query(), Query[User])
    query = users.query().where("name", "like", "a%").where(lambda u: u.active == True).where(Adult())  # noqa: E712 - recorded
    assert_type(query, Query[User])
    assert_type(await query.order_by(lambda u: u.name).get(), list[User])
    assert_type(await query.first(), User | None)
    assert_type(await query.page(1, 10), Page[User])
    assert_type(await query.slice(1, 10), Slice[User])
    assert_type(await query.cursor(size=10), CursorPage[User])
    assert_type(await users.find_by_id("1"), User | None)
    assert_type(await users.get("1"), User)
    assert_type(Adult().and_(Adult()) | ~Adult(), Specification[User])
    async for user in users.stream():
        assert_type(user, User)


@subscribe(UserCreated)
async def greet(event: UserCreated) -> None:
    assert_type(event.user_id, str)


@subscribe(UserCreated, priority=5)
def note(event: UserCreated) -> int:
    return len(event.user_id)


class Settings(BaseSettings):
    port: int = 8000


class Pay(Interactor[Decimal]):
    class Input(BaseModel):
        to: Iban
        amount: Annotated[Decimal, MoneyRule("EUR")]

    input: Input

    async def call(self) -> Decimal:
        assert_type(self.input.to, str)
        return self.input.amount


class Even(Rule[int]):
    def check(self, value: int, /) -> int:
        return value


class Reporting(Plugin):
    feature = "reporting"

    async def startup(self, app: Application) -> None:
        assert_type(app.bus, EventBus)


async def count(use_case: Any, call_next: Callable[[], Awaitable[Any]]) -> Any:
    return await call_next()


async def around(app: Application, store: Store) -> None:
    handler: Callable[[UserCreated], Coroutine[Any, Any, None]] = greet
    await handler(UserCreated("1"))
    assert_type(note(UserCreated("1")), int)
    assert_type(await Pay(to="x", amount="1"), Decimal)
    assert_type(Even()(4), int)
    assert_type(await store.get("key"), bytes | None)
    assert_type(await store.increment("key", ttl=60), int)
    assert_type(await store.add("key", b"me", ttl=None), bool)
    assert_type(ErrorKind.of(ValueError()), ErrorKind)
    assert_type(Reporting().requires, tuple[str, ...])
    set_behaviours([TelemetryBehaviour(), count])
    app.bus.add_middleware(TelemetryMiddleware())
    Counter("orders_total", "Orders.", labels=["channel"]).add(2, channel="web")
    with span("work", kind="consumer", attributes={"n": 1}) as opened:
        assert_type(opened.is_recording, bool)
    Messages({"en": {"missing": "?", "name": {"missing": "!"}}}, language="en")


async def answer() -> User:
    return await CreateUser("Ada")


def keep(store: Store) -> None: ...


def main() -> None:
    assert_type(Application.load(Path()).run(answer), User)
    assert_type(Settings.load().port, int)
    assert_type(discover("shop", {"routes": ["api"]}), Found)
    keep(MemoryStore(max_keys=10))
