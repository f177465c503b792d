"""The applications that `web.py` measures: the same route by hand on FastAPI and as a use case on Vega."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from pydantic import BaseModel

from vega.core import Application
from vega.core.extend import Project
from vega.di import Container, Scope, bind
from vega.events import EventBus
from vega.patterns import Interactor
from vega.web import Router, create_app


class Session:
    """What a request has of its own."""

    def __init__(self) -> None:
        self.is_open = True


class Users:
    """All users."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def find(self, id: str) -> User:
        return User(id=id, name="Ada", email="ada@example.org")


class User(BaseModel):
    id: str
    name: str
    email: str


@dataclass(frozen=True)
class GetUser(Interactor[User]):
    """Return one user."""

    id: str

    @bind
    async def call(self, users: Users) -> User:
        return await users.find(self.id)


async def session() -> AsyncIterator[Session]:
    made = Session()
    try:
        yield made
    finally:
        made.is_open = False


async def users_of(session: Annotated[Session, Depends(session)]) -> Users:
    return Users(session)


def by_hand() -> FastAPI:
    """FastAPI with its own dependencies: a session a request, a repository of it."""
    app = FastAPI()

    @app.get("/users/{id}")
    async def get_user(id: str, users: Annotated[Users, Depends(users_of)]) -> User:
        return await users.find(id)

    return app


def vega(pipeline: Any = None) -> FastAPI:
    """The same as a use case, on an application of `create_app`."""
    container = Container()
    container.register(Session, session, scope=Scope.SCOPED)
    container.register(Users, Users, scope=Scope.SCOPED)
    application = Application(Project(root=Path(), package="none"), container=container, bus=EventBus())
    app = create_app(application, pipeline=pipeline)
    router = Router()
    router.get("/users/{id}", use_case=GetUser)
    app.include_router(router)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app
