"""A router for use cases, injected parameters and middleware."""

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
    """A `fastapi.APIRouter` with support for use cases, `Inject` and middleware.

    * `router.post("/users", use_case=CreateUser)` creates the endpoint of a use case: the input becomes the body, the
      path and query parameters; the result the response model; the name the `operationId`.
    * `errors=[NameTakenError]` declares errors of a route, for OpenAPI.
    * A parameter `users: Inject[UserRepository]` of an endpoint, or of a dependency (`Depends`, `Security`), comes from
      the container, and is not part of OpenAPI. A WebSocket has one scope for its lifetime.
    * `middleware=[...]` takes classes, `starlette.middleware.Middleware`, inline functions `async (request,
      call_next)`, or a `MiddlewarePipeline`; applies to every route of a router, or to a single route.
    * `without=["authentication"]` names middleware of the application's pipeline to skip.
    * `max_body=10 * 1024 * 1024` is the maximum size of a body, and overrides `BodyLimitMiddleware` of the
      pipeline.

    Args:
        middleware: for all routes, including WebSockets and included routers; the first is outermost.
        without: names of the application's pipeline to skip, for all routes declared here.
        max_body: the maximum size of a body for all routes declared here, in bytes; None applies the pipeline's limit.
        options: further options of `fastapi.APIRouter`, such as `prefix` and `tags`.
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
        self._pipeline = pipeline = pipeline_of(middleware)
        self._around = pipeline.wrap(Problems(super().handle, checks_headers=False)) if pipeline is not None else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that matches this router."""
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
            endpoint: the path operation function.
            middleware: for this route.
            without: names of the application's pipeline to skip.
            max_body: in bytes; the router's value when None.
            errors: declared errors, for OpenAPI.
            options: further options of `fastapi.APIRouter.add_api_route`.

        Raises:
            RouteError: `max_body` is negative, or the `route_class` does not support middleware.
        """
        function = without_injected(endpoint)
        names, largest = (*self._without, *without), self._max_body if max_body is None else max_body
        if largest is not None and largest < 0:
            raise RouteError(f"max_body of {path} is negative", _place(endpoint), "give a number of bytes")
        if names or largest is not None:
            function = _marked(function, names, largest)
        if errors:
            extra = {ERRORS: [names_of(error) for error in errors]}
            options["openapi_extra"] = {**(options.get("openapi_extra") or {}), **extra}
        options["dependencies"] = injectable(options.get("dependencies"))
        super().add_api_route(path, function, **options)
        pipeline, route = pipeline_of(middleware), self.routes[-1]
        if isinstance(route, Route) and self._pipeline is not None:
            route.pipelines = (self._pipeline,)
        if pipeline is None and largest is None:
            return
        if not isinstance(route, Route):
            raise RouteError(
                f"{path} does not support middleware: it is a {type(route).__name__}",
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
        """Add a WebSocket route; parameters and dependencies may be injected, as for other routes."""
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
        """Add a GET route; returns a decorator, unless a `use_case` is given."""
        return self._verb("GET", path, use_case, options)

    def post(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a POST route; returns a decorator, unless a `use_case` is given."""
        return self._verb("POST", path, use_case, options)

    def put(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a PUT route; returns a decorator, unless a `use_case` is given."""
        return self._verb("PUT", path, use_case, options)

    def patch(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a PATCH route; returns a decorator, unless a `use_case` is given."""
        return self._verb("PATCH", path, use_case, options)

    def delete(self, path: str, *, use_case: UseCaseType | None = None, **options: Any) -> Callable[[F], F]:
        """Add a DELETE route; returns a decorator, unless a `use_case` is given."""
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
                f"{method} {path} already has a use case", function.__qualname__, "remove the decorator, or use_case="
            )

        return refuse


def pipeline_of(middleware: Middlewares) -> MiddlewarePipeline | None:
    """Return the pipeline for a list of middleware, or None if empty."""
    if isinstance(middleware, MiddlewarePipeline):
        return middleware
    if not middleware:
        return None
    pipeline = MiddlewarePipeline()
    for element in middleware:
        if isinstance(element, type | Middleware) or not is_async(element):
            pipeline.use(element)
        else:
            pipeline.use_inline(element)
    return pipeline


def _place(endpoint: Callable[..., Any]) -> str:
    return f"{endpoint.__module__}.{endpoint.__qualname__}"


def _marked(function: Callable[..., Any], names: tuple[str, ...], max_body: int | None) -> Callable[..., Any]:
    """Return a wrapper with the options, because several routes may share an endpoint."""
    marked: Any = update_wrapper(partial(function), function)
    mark_options(marked, names, max_body)
    return marked  # type: ignore[no-any-return]  # the added attribute is untyped
