"""Routers: use cases as endpoints, injected parameters, middleware of routers and routes, exclusions."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.core import Application
from vega.core.extend import Project
from vega.di import Container, Inject, Named, ScopeClosedError, bind
from vega.di import Scope as Lifetime
from vega.errors import ErrorKind
from vega.events import EventBus
from vega.patterns import Interactor, Mediator
from vega.testing import client_for
from vega.web import (
    ErrorMap,
    MiddlewareError,
    MiddlewareOrderError,
    MiddlewarePipeline,
    RouteError,
    Router,
    WebError,
    create_app,
)
from vega.web._routing.injected_parameters import without_injected


class Users:
    def __init__(self) -> None:
        self.names: dict[str, str] = {"1": "Ada"}


@dataclass
class User:
    id: str
    name: str


class NameTakenError(Exception):
    kind = ErrorKind.CONFLICT


class NoSuchUserError(Exception):
    kind = ErrorKind.MISSING


class CreateUser(Interactor[User]):
    """Create a user.

    The name must be free.
    """

    class Input(BaseModel):
        name: str = Field(min_length=2, description="how to call them")
        age: int = 18

    @bind
    async def call(self, users: Users) -> User:
        if self.input.name in users.names.values():
            raise NameTakenError(f"{self.input.name} is taken")
        return User(str(self.input.age), self.input.name)


@dataclass(frozen=True)
class GetUser(Interactor[User]):
    """Return one user."""

    id: str
    loud: bool = False

    @bind
    async def call(self, users: Users) -> User:
        if self.id not in users.names:
            raise NoSuchUserError(self.id)
        name = users.names[self.id]
        return User(self.id, name.upper() if self.loud else name)


class Rename(Interactor[None]):
    class Input(BaseModel):
        id: str
        name: str | None = Field(default=None, alias="newName")

    @bind
    async def call(self, users: Users) -> None:
        users.names[self.input.id] = f"{self.input.name}/{sorted(self.input.model_fields_set)}"


@dataclass(frozen=True)
class Search(Interactor[list[str]]):
    words: list[str] = field(default_factory=list)

    async def call(self) -> list[str]:
        return self.words


class Everything(Mediator[list[User]]):
    async def call(self) -> list[User]:
        return [await GetUser("1")]


def served(
    *routers: APIRouter, pipeline: MiddlewarePipeline | None = None, users: Users | None = None, **options: Any
) -> Any:
    container = Container()
    container.register_instance(Users, users or Users())
    application = Application(Project(root=Path(), package="shop"), container=container, bus=EventBus())
    app = create_app(application, **options)
    for router in routers:
        app.include_router(router)
    if pipeline is not None:
        pipeline.install(app, container=container)
    return app


def ask(app: Any, method: str, path: str, **options: Any) -> httpx.Response:
    async def main() -> httpx.Response:
        async with client_for(app) as client:
            return await client.request(method, path, **options)

    return asyncio.run(main())


def ask_all(app: Any, *paths: str, method: str = "GET") -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.request(method, path) for path in paths]

    return asyncio.run(main())


def users_router() -> Router:
    router = Router(prefix="/users")
    router.post("", use_case=CreateUser, errors=[NameTakenError])
    router.get("/{id}", use_case=GetUser, errors=[NoSuchUserError])
    router.patch("/{id}", use_case=Rename)
    router.get("", use_case=Everything)
    return router


def test_a_use_case_is_an_endpoint() -> None:
    app = served(users_router())

    made = ask(app, "POST", "/users", json={"name": "Grace"})

    assert (made.status_code, made.json()) == (201, {"id": "18", "name": "Grace"})


def test_a_use_case_takes_path_and_query() -> None:
    answer = ask(served(users_router()), "GET", "/users/1", params={"loud": "true"})

    assert answer.json() == {"id": "1", "name": "ADA"}


def test_a_list_comes_from_the_query() -> None:
    router = Router()
    router.get("/search", use_case=Search)

    given, empty = ask_all(served(router), "/search?words=a&words=b", "/search")

    assert (given.json(), empty.json()) == (["a", "b"], [])


def test_a_mediator_is_an_endpoint_too() -> None:
    assert ask(served(users_router()), "GET", "/users").json() == [{"id": "1", "name": "Ada"}]


def test_what_a_body_does_not_send_is_not_set_and_an_empty_result_is_204() -> None:
    users = Users()

    named = ask(served(users_router(), users=users), "PATCH", "/users/1", json={"newName": "Eve"})

    assert (named.status_code, named.content) == (204, b"")
    assert users.names["1"] == "Eve/['id', 'name']"
    ask(served(users_router(), users=users), "PATCH", "/users/1", json={})
    assert users.names["1"] == "None/['id']"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/users", {"name": "A"}, 422),
        ("POST", "/users", {"name": "Ada"}, 409),
        ("GET", "/users/7", None, 404),
        ("GET", "/users/1?loud=perhaps", None, 422),
    ],
)
def test_what_goes_wrong_in_a_use_case_is_a_problem(method: str, path: str, body: Any, status: int) -> None:
    answer = ask(served(users_router()), method, path, json=body)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_openapi_tells_what_a_use_case_takes_gives_and_raises() -> None:
    document = ask(served(users_router()), "GET", "/openapi.json").json()

    post = document["paths"]["/users"]["post"]
    get = document["paths"]["/users/{id}"]["get"]
    schemas = document["components"]["schemas"]
    assert (post["operationId"], get["operationId"]) == ("create_user", "get_user")
    assert post["description"].startswith("Create a user.")
    assert schemas["CreateUserInput"]["properties"]["name"]["minLength"] == 2
    assert post["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/User")
    assert list(post["responses"]["409"]["content"]) == ["application/problem+json"]
    assert {"201", "400", "409", "415", "422", "default"} == set(post["responses"])
    assert [(each["name"], each["in"], each["required"]) for each in get["parameters"]] == [
        ("id", "path", True),
        ("loud", "query", False),
    ]
    assert "HTTPValidationError" not in schemas
    assert "x-vega-errors" not in str(document)


def test_openapi_follows_the_map_of_errors() -> None:
    errors = ErrorMap().map(NameTakenError, status=418, title="A teapot")

    document = ask(served(users_router(), errors=errors), "GET", "/openapi.json").json()

    assert document["paths"]["/users"]["post"]["responses"]["418"]["description"] == "A teapot"
    assert ask(served(users_router(), errors=errors), "POST", "/users", json={"name": "Ada"}).status_code == 418


def test_a_path_with_a_name_that_the_use_case_does_not_take_is_refused() -> None:
    with pytest.raises(RouteError, match="takes no user_id"):
        Router().get("/{user_id}", use_case=GetUser)


def test_a_use_case_leaves_nothing_to_decorate() -> None:
    with pytest.raises(RouteError, match="already has a use case"):

        @Router().get("/{id}", use_case=GetUser)
        async def other() -> None: ...


def test_injected_parameters_come_from_the_container_and_are_hidden() -> None:
    router = Router()

    @router.get("/named/{id}")
    async def named(id: str, users: Inject[Users], also: Annotated[Users, Inject], loud: bool = False) -> str:
        return users.names[id] + also.names[id] + str(loud)

    @router.get("/plain/{id}")
    def plain(id: str, users: Inject[Users]) -> str:
        return users.names[id]

    document, first, second = [
        answer.json() for answer in ask_all(served(router), "/openapi.json", "/named/1", "/plain/1")
    ]

    assert (first, second) == ("AdaAdaFalse", "Ada")
    assert [each["name"] for each in document["paths"]["/named/{id}"]["get"]["parameters"]] == ["id", "loud"]


def test_a_named_service_is_injected() -> None:
    router = Router()

    @router.get("/")
    async def named(users: Annotated[Users, Named("second")]) -> list[str]:
        return list(users.names)

    app = served(router)
    app.state.application.container.register_named(Users, "second", Users)

    assert ask(app, "GET", "/").json() == ["1"]


def test_one_scope_is_shared_by_inline_middleware_handler_and_background_task() -> None:
    class Session: ...

    seen: list[Session] = []
    router, pipeline = Router(), MiddlewarePipeline()

    @pipeline.use_inline
    async def first(request: Any, call_next: Any, session: Inject[Session]) -> Any:
        seen.append(session)
        return await call_next(request)

    from starlette.background import BackgroundTasks

    @router.get("/")
    async def handler(tasks: BackgroundTasks, session: Inject[Session]) -> None:
        seen.append(session)
        tasks.add_task(lambda: seen.append(session))

    application = Application(Project(root=Path(), package="shop"), container=Container(), bus=EventBus())
    application.container.register(Session, scope=Lifetime.SCOPED)
    app = create_app(application)
    app.include_router(router)
    import sys
    import types

    assert "shop.config" not in sys.modules
    sys.modules["shop.config"] = config = types.ModuleType("shop.config")
    try:
        config.pipeline = pipeline  # type: ignore[attr-defined]  # a module takes any name
        app = create_app(application)
        app.include_router(router)
        ask(app, "GET", "/")
    finally:
        del sys.modules["shop.config"]

    assert len(seen) == 3
    assert len(set(map(id, seen))) == 1


def inline(log: list[str], tag: str) -> Callable[..., Awaitable[Any]]:
    async def noting(request: Any, call_next: Any) -> Any:
        log.append(tag)
        response = await call_next(request)
        response.headers[f"x-{tag}"] = str(response.status_code)
        return response

    return noting


class Noting:
    def __init__(self, app: ASGIApp, log: list[str], tag: str = "class") -> None:
        self.app, self.log, self.tag = app, log, tag

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.log.append(self.tag)
        await self.app(scope, receive, send)


def test_routers_and_routes_have_middleware_of_their_own() -> None:
    log: list[str] = []
    inner = Router(prefix="/inner", middleware=[inline(log, "inner")])
    outer = Router(prefix="/outer", middleware=[Middleware(Noting, log=log, tag="outer")])

    @inner.get("/x", middleware=[inline(log, "route")])
    async def x() -> None:
        raise NoSuchUserError("x")

    @outer.get("/y")
    async def y() -> str:
        return "y"

    outer.include_router(inner)
    first, second, third = ask_all(served(outer), "/outer/inner/x", "/outer/y", "/outer/z")

    assert log == ["outer", "inner", "route", "outer"]
    assert (first.headers["x-route"], first.headers["x-inner"]) == ("404", "404")
    assert (second.json(), third.status_code) == ("y", 404)


def test_a_pipeline_may_stand_at_a_route() -> None:
    log: list[str] = []
    pipeline = MiddlewarePipeline()
    pipeline.use_inline(priority=1)(inline(log, "late"))
    pipeline.use_inline(priority=2)(inline(log, "early"))
    router = Router()

    @router.get("/", middleware=pipeline)
    async def home() -> str:
        return "home"

    assert ask(served(router), "GET", "/").status_code == 200
    assert log == ["early", "late"]


def test_a_foreign_class_of_routes_takes_no_middleware() -> None:
    from fastapi.routing import APIRoute

    router = Router(route_class=APIRoute)

    with pytest.raises(RouteError, match="does not support middleware"):
        router.add_api_route("/", lambda: None, middleware=[inline([], "x")])


def test_a_route_goes_without_what_it_names() -> None:
    log: list[str] = []
    pipeline = MiddlewarePipeline()
    pipeline.use(Noting, log=log, tag="audit", name="audit")
    pipeline.use_inline(name="guard")(inline(log, "guard"))
    pipeline.use_inline(name="other")(inline(log, "other"))
    router, bare = Router(prefix="/shop"), Router(prefix="/bare", without=["audit"])

    @router.get("/open", without=["guard", "audit"])
    async def open_() -> str:
        return "open"

    @router.get("/{name}")
    async def closed(name: str) -> str:
        return name

    @bare.get("/x", without=["other"])
    async def x() -> str:
        return "x"

    app = served(router, bare, pipeline=pipeline)

    async def main() -> dict[str, list[str]]:
        met = {}
        async with client_for(app) as client:
            for word in ("GET /shop/open", "GET /shop/else", "POST /shop/open", "GET /bare/x"):
                log.clear()
                await client.request(*word.split())
                met[word] = list(log)
        return met

    assert asyncio.run(main()) == {
        "GET /shop/open": ["other"],
        "GET /shop/else": ["audit", "guard", "other"],
        "POST /shop/open": ["audit", "guard", "other"],
        "GET /bare/x": ["guard"],
    }


def test_a_route_cannot_go_without_what_is_not_there() -> None:
    router = Router()

    @router.get("/", without=["authentication"])
    async def home() -> None: ...

    with pytest.raises(MiddlewareOrderError, match="no middleware is called authentication"):
        ask(served(router, pipeline=MiddlewarePipeline()), "GET", "/")


def test_constructors_are_supplied_by_the_container() -> None:
    class Greeting:
        text = "hello"

    class Greeter:
        def __init__(self, app: ASGIApp, greeting: Greeting, mark: str = "!") -> None:
            self.app, self.header = app, (b"x-greeting", f"{greeting.text}{mark}".encode())

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], self.header]
                await send(message)

            await self.app(scope, receive, sending)

    pipeline = MiddlewarePipeline().use(Middleware(Greeter, mark="?"), name="greeter")
    app = served()
    app.state.application.container.register(Greeting)
    pipeline.install(app, container=app.state.application.container)

    assert ask(app, "GET", "/").headers["x-greeting"] == "hello?"
    with pytest.raises(MiddlewareError, match="missing a required argument: 'greeting'"):
        pipeline.describe(container=Container())


def test_a_named_service_is_supplied_to_a_constructor() -> None:
    class Tag:
        def __init__(self, app: ASGIApp, users: Annotated[Users, Named("second")]) -> None:
            self.app, self.users = app, users
            made.append(users)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)

    made: list[Users] = []
    app, second = served(), Users()
    app.state.application.container.register_named(Users, "second", lambda: second)
    MiddlewarePipeline().use(Tag, name="tag").install(app, container=app.state.application.container)

    ask(app, "GET", "/")
    assert made == [second]


def test_an_inline_function_that_nothing_supplies_is_refused_at_the_start() -> None:
    pipeline = MiddlewarePipeline()

    @pipeline.use_inline
    async def needs(request: Any, call_next: Any, users: Users) -> Any:
        return await call_next(request)

    with pytest.raises(MiddlewareError, match="'users'"):
        pipeline.describe()
    assert pipeline.describe(container=Container({Users: Users}))[0].name == "needs"


def test_nothing_inspects_a_signature_once_the_application_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    router, pipeline = users_router(), MiddlewarePipeline()
    pipeline.use_inline(inline([], "x"))

    @router.get("/all/injected")
    async def injected(users: Inject[Users]) -> list[str]:
        return list(users.names)

    app = served(router, pipeline=pipeline)

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("inspect was called in a request")

    async def main() -> list[int]:
        async with client_for(app) as client:
            for name in ("signature", "getfullargspec", "get_annotations"):
                monkeypatch.setattr(inspect, name, refuse)
            answers = [
                await client.get("/users/1"),
                await client.post("/users", json={"name": "Grace"}),
                await client.get("/users/all/injected"),
            ]
            return [answer.status_code for answer in answers]

    assert asyncio.run(main()) == [200, 201, 200]


R = TypeVar("R")


class Listed(Interactor[list[R]], Generic[R]):
    """A base of use cases that list something."""


class Numbers(Listed[int]):
    def __init__(self, first: int, *, step: int = 1) -> None:
        self.numbers = [first, first + step]

    async def call(self) -> list[int]:
        return self.numbers


class Anything(Interactor):  # type: ignore[type-arg]  # that it says no result is the point
    async def call(self) -> Any:
        return {"any": "thing"}


class Tagged(Interactor[list[str]]):
    class Input(BaseModel):
        tags: list[str] = Field(default_factory=lambda: ["none"])
        size: int = Field(default=3, ge=1)

    async def call(self) -> list[str]:
        return [*self.input.tags, str(self.input.size)]


@dataclass(frozen=True)
class Move(Interactor[str]):
    id: str
    x: int
    y: int = 0

    async def call(self) -> str:
        return f"{self.id} {self.x} {self.y}"


def test_inputs_of_every_form_become_parameters() -> None:
    router = Router()
    router.get("/numbers", use_case=Numbers)
    router.get("/anything", use_case=Anything)
    router.get("/tagged", use_case=Tagged)
    router.put("/moved/{id}", use_case=Move)
    app = served(router)

    numbers, anything, plain, tagged, small, document = ask_all(
        app,
        "/numbers?first=3&step=2",
        "/anything",
        "/tagged",
        "/tagged?tags=a&size=1",
        "/tagged?size=0",
        "/openapi.json",
    )

    assert (numbers.json(), anything.json()) == ([3, 5], {"any": "thing"})
    assert (plain.json(), tagged.json(), small.status_code) == (["none", "3"], ["a", "1"], 422)
    schema = document.json()["paths"]["/numbers"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["items"] == {"type": "integer"}


def test_what_the_path_does_not_give_is_the_body() -> None:
    router = Router()
    router.put("/moved/{id}", use_case=Move)

    assert ask(served(router), "PUT", "/moved/a", json={"x": 3}).json() == "a 3 0"
    assert ask(served(router), "PUT", "/moved/a", json={"y": 3}).status_code == 422


def test_annotations_that_cannot_be_read_are_left_to_fastapi() -> None:
    async def odd(request: "Missing") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # that it cannot be read is the point

    assert without_injected(odd) is odd


def test_only_statuses_of_errors_can_be_mapped() -> None:
    with pytest.raises(WebError, match="not an error status"):
        ErrorMap().map(KeyError, status=200)


def test_a_task_that_outlives_its_request_cannot_use_its_scope(shop: Any) -> None:
    class Session: ...

    @bind
    async def use(session: Session) -> Session:
        return session

    over, later = asyncio.Event(), []
    router = Router()

    async def linger() -> Session:
        await over.wait()
        return await use()

    @router.get("/")
    async def leaking(session: Inject[Session]) -> None:
        assert await use() is session
        later.append(asyncio.ensure_future(linger()))

    async def main() -> None:
        async with client_for(shop(router, scoped=[Session])) as client:
            assert (await client.get("/")).status_code == 200
            over.set()
            with pytest.raises(ScopeClosedError):
                await later[0]

    asyncio.run(main())
