"""`Inject` in FastAPI's dependencies: supplied by the container, hidden from OpenAPI, proved at start."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Request, Security, WebSocket
from fastapi.security import HTTPBearer, SecurityScopes
from web_sockets import Client, serving

from vega.core import Application, ConfigurationErrors
from vega.core.extend import Project
from vega.di import Container, Inject, Scope
from vega.events import EventBus
from vega.testing import client_for
from vega.web import Router, create_app


class Log:
    """The steps of a whole test."""

    def __init__(self) -> None:
        self.lines: list[str] = []


class Session:
    """A scoped service: one for each request or connection."""

    def __init__(self, log: Log) -> None:
        self.log = log


def plain(session: Inject[Session], word: str = "none") -> str:
    return f"{type(session).__name__}/{word}"


async def waiting(session: Inject[Session], word: str = "none") -> str:
    return f"{type(session).__name__}/{word}"


def generating(session: Inject[Session], word: str = "none") -> Generator[str]:
    session.log.lines.append("open")
    yield f"{type(session).__name__}/{word}"
    session.log.lines.append("close")


async def generating_async(session: Inject[Session], word: str = "none") -> AsyncGenerator[str]:
    session.log.lines.append("open")
    yield f"{type(session).__name__}/{word}"
    session.log.lines.append("close")


class Words:
    def __init__(self, session: Inject[Session], word: str = "none") -> None:
        self.text = f"{type(session).__name__}/{word}"

    def __str__(self) -> str:
        return self.text


class Checker:
    async def __call__(self, session: Inject[Session], word: str = "none") -> str:
        return f"{type(session).__name__}/{word}"

    def method(self, session: Inject[Session], word: str = "none") -> str:
        return f"{type(session).__name__}/{word}"


def nested(inner: Annotated[str, Depends(waiting)]) -> str:
    return inner


def nested_by_default(inner: Annotated[str, Depends(nested)]) -> str:
    return inner


def with_prefix(prefix: str, session: Inject[Session], word: str = "none") -> str:
    return f"{prefix}{type(session).__name__}/{word}"


KINDS = {
    "function": plain,
    "coroutine": waiting,
    "generator": generating,
    "async_generator": generating_async,
    "class": Words,
    "instance": Checker(),
    "method": Checker().method,
    "partial": partial(with_prefix, ""),
    "nested": nested,
    "nested_twice": nested_by_default,
}


def served(*routers: Router, services: dict[Any, Any] | None = None, **options: Any) -> FastAPI:
    container = Container()
    container.register(Log, scope=Scope.SINGLETON)
    container.register(Session, scope=Scope.SCOPED)
    application = Application(Project(root=Path(), package="shop"), container=container, bus=EventBus())
    app = create_app(application, **options)
    for router in routers:
        app.include_router(router)
    return app


def get(app: FastAPI, *paths: str, **options: Any) -> list[Any]:
    async def main() -> list[Any]:
        async with client_for(app) as client:
            return [(await client.get(path, **options)).json() for path in paths]

    return asyncio.run(main())


def heard(app: FastAPI, path: str, **scope: Any) -> list[Any]:
    """Return what a WebSocket hears until the endpoint ends."""

    async def main() -> list[Any]:
        async with serving(app):
            client = Client(app, path, **scope)
            await client.gone()
            return [client.sent.get_nowait() for _ in range(client.sent.qsize())]

    return asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_a_dependency_of_any_kind_takes_services(kind: str) -> None:
    router, dependency = Router(), KINDS[kind]

    @router.get("/annotated")
    async def annotated(text: Annotated[Any, Depends(dependency)]) -> str:
        return str(text)

    @router.get("/default")
    def default(text: Any = Depends(dependency)) -> str:  # noqa: B008 - the older form of FastAPI
        return str(text)

    *answers, document = get(served(router), "/annotated", "/default", "/openapi.json", params={"word": "hi"})

    assert answers == ["Session/hi", "Session/hi"]
    assert [parameter["name"] for parameter in document["paths"]["/annotated"]["get"]["parameters"]] == ["word"]


def test_a_generator_is_closed_before_the_scope_of_its_services() -> None:
    router, log = Router(), Log()

    class Connection:
        pass

    async def connections() -> AsyncGenerator[Connection]:
        log.lines.append("scope opens")
        yield Connection()
        log.lines.append("scope closes")

    async def transaction(connection: Inject[Connection]) -> AsyncGenerator[None]:
        log.lines.append("begin")
        yield
        log.lines.append("commit")

    @router.get("/", dependencies=[Depends(transaction)])
    async def read(connection: Inject[Connection]) -> None:
        log.lines.append("read")

    app = served(router)
    app.state.application.container.register(Connection, connections, scope=Scope.SCOPED)
    get(app, "/")

    assert log.lines == ["scope opens", "begin", "read", "commit", "scope closes"]


def test_one_service_and_one_call_serve_all_dependants_of_a_request() -> None:
    router, calls = Router(), list[Session]()

    def counted(session: Inject[Session]) -> Session:
        calls.append(session)
        return session

    def other(found: Annotated[Session, Depends(counted)]) -> Session:
        return found

    @router.get("/", dependencies=[Depends(counted)])
    async def same(
        first: Annotated[Session, Depends(counted)],
        second: Annotated[Session, Depends(other)],
        third: Inject[Session],
    ) -> bool:
        return first is second is third

    assert get(served(router), "/") == [True]
    assert len(calls) == 1


def test_a_security_scheme_takes_services_and_stays_one_in_the_document() -> None:
    class Tokens(HTTPBearer):
        async def __call__(self, request: Request, session: Inject[Session]) -> Any:  # type: ignore[override]  # FastAPI reads the signature
            found = await super().__call__(request)
            return f"{type(session).__name__}/{found.credentials if found else None}"

    tokens, router = Tokens(), Router()

    def who(scopes: SecurityScopes, token: Annotated[str, Depends(tokens)], session: Inject[Session]) -> str:
        return f"{token}/{scopes.scope_str}"

    @router.get("/")
    async def read(user: Annotated[str, Security(who, scopes=["read"])]) -> str:
        return user

    answer, document = get(served(router), "/", "/openapi.json", headers={"authorization": "Bearer abc"})

    assert answer == "Session/abc/read"
    assert document["paths"]["/"]["get"]["security"] == [{"Tokens": ["read"]}]


@pytest.mark.parametrize("place", ["router", "parent", "include", "application"])
def test_dependencies_of_routers_and_of_the_application_take_services(place: str) -> None:
    calls: list[str] = []

    def guard(session: Inject[Session]) -> None:
        calls.append(type(session).__name__)

    guards = [Depends(guard)]
    router = Router(dependencies=guards if place == "router" else None)
    parent = Router(dependencies=guards if place == "parent" else None)

    @router.get("/http")
    async def read() -> str:
        return "read"

    @router.websocket("/ws")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    parent.include_router(router, dependencies=guards if place == "include" else None)
    options = {"dependencies": guards} if place == "application" else {}

    assert get(served(parent, **options), "/http") == ["read"]
    messages = heard(served(parent, **options), "/ws")
    assert [message["type"] for message in messages] == ["websocket.accept", "websocket.close"]
    assert calls == ["Session", "Session"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_websocket_shares_the_services_of_one_scope(kind: str) -> None:
    router, dependency = Router(), KINDS[kind]
    seen: list[Session] = []

    def note(session: Inject[Session]) -> None:
        seen.append(session)

    @router.websocket("/ws", dependencies=[Depends(note)])
    async def talk(socket: WebSocket, text: Annotated[Any, Depends(dependency)], session: Inject[Session]) -> None:
        seen.append(session)
        await socket.accept()
        await socket.send_text(str(text))

    _, message = heard(served(router), "/ws", query_string=b"word=hi")

    assert message["text"] == "Session/hi"
    assert seen[0] is seen[1]


def test_an_override_of_a_dependency_finds_it_by_the_function_that_was_written() -> None:
    router = Router()

    @router.get("/")
    async def read(text: Annotated[str, Depends(nested_by_default)]) -> str:
        return text

    app = served(router)
    app.dependency_overrides[waiting] = lambda: "replaced"

    assert get(app, "/") == ["replaced"]
    assert get(served(router), "/") == ["Session/none"]


def test_a_function_that_is_a_dependency_stays_what_it_was() -> None:
    router = Router()
    router.get("/")(nested)

    assert plain(Session(Log()), "x") == "Session/x"
    assert nested("as it was") == "as it was"


class Missing:
    """Nothing provides it."""


def test_a_parameter_of_a_dependency_that_nothing_provides_is_reported_at_start() -> None:
    def deep(missing: Inject[Missing]) -> None: ...

    class Needs:
        def __init__(self, missing: Inject[Missing]) -> None: ...

    def middle(deep: Annotated[None, Depends(deep)]) -> None: ...

    router = Router(dependencies=[Depends(Needs)])

    @router.get("/")
    async def read(middle: Annotated[None, Depends(middle)]) -> None: ...

    @router.websocket("/ws")
    async def talk(socket: WebSocket, missing: Inject[Missing]) -> None: ...

    parent = Router()
    parent.include_router(router)
    application = Application(Project(root=Path(), package="shop"), container=Container(), bus=EventBus())
    app = create_app(application)
    app.include_router(parent)
    with pytest.raises(ConfigurationErrors) as caught:
        get(app, "/")

    report = "\n".join(map(str, caught.value.exceptions))
    assert len(caught.value.exceptions) == 3
    assert "deep(missing: Missing)" in report
    assert "Needs" in report
    assert "talk(missing: Missing)" in report
