"""A router whose routes take use cases, injected parameters and middleware of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any, TypeAlias, TypeVar

from fastapi import APIRouter
from fastapi.params import Depends
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from vega.core.introspection import is_async
from vega.patterns import Interactor, Mediator

from .._errors import RouteError
from .._lifecycle.request_scope import ConnectionScope
from .._pipeline.pipeline import MiddlewarePipeline
from .._pipeline.route_options import mark_options
from .._problems.error_map import ERRORS, names_of
from .._problems.problems import Problems
from .injected_parameters import injectable, without_injected
from .route import Route
from .use_case_endpoint import OPERATION, of_use_case

F = TypeVar("F", bound=Callable[..., Any])
UseCaseType: TypeAlias = type[Interactor[Any]] | type[Mediator[Any]]
Middlewares: TypeAlias = MiddlewarePipeline | Sequence[Any]


class Router(APIRouter):
    """A `fastapi.APIRouter` that also knows use cases, `Inject` and middleware.

    * `router.post("/users", use_case=CreateUser)` makes the endpoint of a use case: its input becomes the body, the
      path and query parameters; its result the response model; its name the `operationId`.
    * `errors=[NameTakenError]` tells what a route may raise, for OpenAPI.
    * A parameter `users: Inject[UserRepository]` of an endpoint, or of a dependency (`Depends`, `Security`), comes from
      the container, and is no part of OpenAPI. A WebSocket has one scope for as long as it is open.
    * `middleware=[...]` takes classes, `starlette.middleware.Middleware`, inline functions `async (request,
      call_next)`, or a `MiddlewarePipeline`; here for every route, on a route for that one.
    * `without=["authentication"]` names middleware of the application's pipeline that a route skips.
    * `max_body=10 * 1024 * 1024` is the largest body of a route, more or less than `BodyLimitMiddleware` of the
      pipeline allows.

    Args:
        middleware: of all routes, those of included routers and WebSockets too; the first is outermost.
        without: names of the application's pipeline that all routes declared here skip.
        max_body: the largest body of all routes declared here, in bytes; None leaves it to the pipeline.
        options: those of `fastapi.APIRouter`, such as `prefix` and `tags`.
    """

    def __init__(
        self,
        *,
        middleware: Middlewares = (),
        without: Sequence[str] = (),
        max_body: int | None = None,
        **options: Any,
    ) -> None:
        settings: dict[str, Any] = {"route_class": Route, **options}
        settings["dependencies"] = injectable(settings.get("dependencies"))
        super().__init__(**settings)
        self._without, self._max_body = tuple(without), max_body
        self._pipeline = around = pipeline_of(middleware)
        self._around = around.wrap(Problems(super().handle, checks_headers=False)) if around is not None else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that was found to be meant for this router."""
        serve = super().handle if self._around is None else self._around
        if scope["type"] == "websocket":
            serve = ConnectionScope(serve)
        await serve(scope, receive, send)

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        middleware: Middlewares = (),
        without: Sequence[str] = (),
        max_body: int | None = None,
        errors: Sequence[type[Exception]] = (),
        **options: Any,
    ) -> None:
        """Add a route; see the class.

        Args:
            path: such as `/users/{id}`.
            endpoint: the function that answers.
            middleware: of this route.
            without: of the application's pipeline.
            max_body: in bytes; that of the router when None.
            errors: what it may raise, for OpenAPI.
            options: those of `fastapi.APIRouter.add_api_route`.

        Raises:
            RouteError: `max_body` is negative, or the `route_class` cannot take what is around the route.
        """
        function = without_injected(endpoint)
        names, largest = (*self._without, *without), self._max_body if max_body is None else max_body
        if largest is not None and largest < 0:
            raise RouteError(f"max_body of {path} is negative", _place(endpoint), "give a number of bytes")
        if names or largest is not None:
            function = _marked(function, names, largest)
        if errors:
            told = {ERRORS: [names_of(error) for error in errors]}
            options["openapi_extra"] = {**(options.get("openapi_extra") or {}), **told}
        options["dependencies"] = injectable(options.get("dependencies"))
        super().add_api_route(path, function, **options)
        pipeline, route = pipeline_of(middleware), self.routes[-1]
        if isinstance(route, Route) and self._pipeline is not None:
            route.pipelines = (self._pipeline,)
        if pipeline is None and largest is None:
            return
        if not isinstance(route, Route):
            raise RouteError(
                f"{path} takes no middleware, for it is a {type(route).__name__}",
                _place(endpoint),
                "derive the route_class from vega.web.Route",
            )
        if pipeline is not None:
            route.surround(pipeline)
        if largest is not None:
            route.limit_body(largest)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket route; its parameters and dependencies may be injected, as those of other routes."""
        function = without_injected(endpoint)
        super().add_api_websocket_route(path, function, name, dependencies=injectable(dependencies))

    def include_router(
        self, router: APIRouter, *, dependencies: Sequence[Depends] | None = None, **options: Any
    ) -> None:
        """Include a router with the options of `fastapi.APIRouter.include_router`."""
        super().include_router(router, dependencies=injectable(dependencies), **options)

    def api_route(self, path: str, **options: Any) -> Callable[[F], F]:
        """Return a decorator that adds a route with the options of `add_api_route`."""

        def add(function: F) -> F:
            self.add_api_route(path, function, **options)
            return function

        return add

    def get(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a GET route: a decorator, or at once for a `use_case`."""
        return self._verb("GET", path, use_case, options)

    def post(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a POST route: a decorator, or at once for a `use_case`."""
        return self._verb("POST", path, use_case, options)

    def put(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a PUT route: a decorator, or at once for a `use_case`."""
        return self._verb("PUT", path, use_case, options)

    def patch(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a PATCH route: a decorator, or at once for a `use_case`."""
        return self._verb("PATCH", path, use_case, options)

    def delete(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a DELETE route: a decorator, or at once for a `use_case`."""
        return self._verb("DELETE", path, use_case, options)

    def _verb(self, method: str, path: str, use_case: Any, options: dict[str, Any]) -> Callable[[F], F]:
        if use_case is None:
            return self.api_route(path, methods=[method], **options)
        endpoint, settings = of_use_case(use_case, method, self.prefix + path)
        if options.get("operation_id") is None:
            options["openapi_extra"] = {**(options.get("openapi_extra") or {}), OPERATION: endpoint.__name__}
        self.add_api_route(path, endpoint, methods=[method], **{**settings, **options})

        def refuse(function: F) -> F:
            raise RouteError(
                f"{method} {path} has its use case already", function.__qualname__, "leave the decorator, or use_case="
            )

        return refuse


def pipeline_of(middleware: Middlewares) -> MiddlewarePipeline | None:
    """Return the pipeline that a list of middleware stands for; None for none."""
    if isinstance(middleware, MiddlewarePipeline):
        return middleware
    if not middleware:
        return None
    pipeline = MiddlewarePipeline()
    for each in middleware:
        if isinstance(each, type | Middleware) or not is_async(each):
            pipeline.use(each)
        else:
            pipeline.use_inline(each)
    return pipeline


def _place(endpoint: Callable[..., Any]) -> str:
    return f"{endpoint.__module__}.{endpoint.__qualname__}"


def _marked(function: Callable[..., Any], names: tuple[str, ...], max_body: int | None) -> Callable[..., Any]:
    """Return a function of its own that carries the options, since one endpoint may serve several routes."""
    marked: Any = update_wrapper(partial(function), function)
    mark_options(marked, names, max_body)
    return marked  # type: ignore[no-any-return]  # a partial with an attribute that its type does not say
