"""What checkers infer for use cases, repositories, queries and decorators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from pydantic import BaseModel

from vega.di import bind
from vega.events import Event
from vega.patterns import (
    Interactor,
    Mediator,
    QueryableRepository,
    Specification,
    transactional,
    trigger,
    validate,
)
from vega.patterns.query import CursorPage, Page, Query, Slice, any_, between, contains, in_, not_, some


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
