"""The FastAPI application of a Vega application: routes, WebSockets, scopes, problems, mounts."""

from __future__ import annotations

import gc
import inspect
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any, final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Route as AsgiRoute
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.core import Application, ConfigurationErrors
from vega.core.telemetry import configure_logging

from .._errors import WebError
from .._lifecycle.drain import Drain, set_drain
from .._lifecycle.exposure import report_exposure
from .._lifecycle.health import Health
from .._lifecycle.request_scope import RequestScope
from .._middleware.diagnostics.request_id import request_id
from .._paths import bound_convertors
from .._pipeline.pipeline import MiddlewarePipeline
from .._private_names import warn_of_missing_names
from .._problems.denial import HandshakeProblems
from .._problems.error_map import ErrorMap
from .._problems.problems import Problems, install_problems
from .._routing.head import HeadAnswers, HeadRouting
from .._routing.injected_parameters import injectable
from .._routing.route import Route
from .._sockets.connection import Surroundings
from .._sockets.install import install_websockets
from .._sockets.rooms import Rooms
from .configured import configured, provide_rooms
from .discovered_routers import discovered_routers
from .openapi import document_problems
from .project_pipeline import project_pipeline
from .proof import InjectionProof


def create_app(
    application: Application,
    *,
    debug: bool | None = None,
    pipeline: MiddlewarePipeline | None = None,
    errors: ErrorMap | None = None,
    health: Health | None = None,
    rooms: Rooms | None = None,
    drain_delay: float = 0.0,
    **options: Any,
) -> FastAPI:
    """Return the FastAPI application of a Vega application, ready to serve.

    Each request enters `application.activate()` once; the scope provides the `starlette.requests.Request` and closes
    after the last byte. The application starts and stops with the server (ASGI lifespan). Discovered routers are
    included with the prefix and tag of their module, unless set on the router. The project's
    `presentation/web/pipeline.py` may define a function `pipeline` that returns a `MiddlewarePipeline`, which is
    installed inside the scope: it sees every response, including problem documents, and its own errors become problem
    documents too. `config.py` may define `pipeline` instead, and `errors`, `health` and `rooms`. At SIGTERM readiness
    ends, streams of events end, and WebSockets are closed (1012).

    Args:
        application: from `Application.load`.
        debug: whether the pages `/docs` and `/openapi.json` are served; None: in every profile except production.
        pipeline: the middleware; the project's pipeline when None.
        errors: the mapping of error classes; that of `config.py` when None.
        health: the endpoints below `/health`; those of `config.py` when None, else an instance without checks. Checks
            of plugins always run.
        rooms: only without the feature `web`, which provides the rooms of `config.py`; in-process rooms when None.
        drain_delay: seconds between SIGTERM and the end of the server, during which requests are served without
            readiness.
        options: further options of `fastapi.FastAPI`, such as `title`.

    Raises:
        ConfigurationErrors: all errors in modules of routes, WebSocket handlers and middleware.
    """
    configure_logging(application.settings, fields=_log_fields)
    bound_convertors()
    drain, rooms = Drain(drain_delay), provide_rooms(application, rooms)
    health = health or configured(application, "health", Health) or Health()
    errors = errors or configured(application, "errors", ErrorMap) or ErrorMap()
    proof = InjectionProof(application.container)
    app = FastAPI(lifespan=_lifespan(application, drain, rooms, proof), **_settings(application, debug, options))
    app.router.route_class = Route
    app.state.application = application
    set_drain(app, drain)
    app.router.routes.extend(health.joined(application).routes(drain))
    mistakes: list[Exception] = []
    pipeline = pipeline or project_pipeline(application, mistakes)
    _add_routes(app, Surroundings(application, rooms, drain, errors), mistakes)
    app.add_middleware(HeadRouting, router=app.router)
    install_problems(app, errors)
    document_problems(app, errors)
    _install_pipeline(app, application, pipeline, mistakes)
    mistakes += proof.mistakes(app)
    _refuse(application, mistakes)
    app.add_middleware(HandshakeProblems)
    app.add_middleware(HeadAnswers)
    app.add_middleware(RequestScope, application=application)
    return app


def _settings(application: Application, debug: bool | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `fastapi.FastAPI` for the options of `create_app`."""
    settings = {"title": application.project.package, **options}
    if not (_has_pages(application) if debug is None else debug):
        settings = {"docs_url": None, "redoc_url": None, "openapi_url": None, **settings}
    return {**settings, "dependencies": injectable(options.get("dependencies"))}


def _refuse(application: Application, mistakes: list[Exception]) -> None:
    if mistakes:
        raise ConfigurationErrors(f"{application.project.package} cannot be served: {len(mistakes)} mistakes", mistakes)


def _has_pages(application: Application) -> bool:
    return bool(getattr(application.settings, "profile", "development") != "production")


def _log_fields() -> dict[str, object]:
    identity = request_id()
    return {"request_id": identity} if identity else {}


def _add_routes(app: FastAPI, surroundings: Surroundings, mistakes: list[Exception]) -> None:
    application = surroundings.application
    for router, settings in discovered_routers(application.found, mistakes):
        app.include_router(router, **settings)
    install_websockets(app, surroundings, mistakes)
    for plugin in application.plugins:
        for path, served in plugin.mounts(application).items():
            mounted = _Mounted(served) if inspect.isroutine(served) else served
            app.router.routes.append(AsgiRoute(path, mounted))  # the exact path; a mount alone would redirect
            app.router.routes.append(WebSocketRoute(path, mounted))
            app.mount(path, mounted)


@final
class _Mounted:
    """An ASGI application around a plain function, which a route would mistake for an endpoint."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _install_pipeline(
    app: FastAPI, application: Application, pipeline: MiddlewarePipeline | None, mistakes: list[Exception]
) -> None:
    if pipeline is None:
        return
    try:
        pipeline.install(app, container=application.container)
        app.state.pipeline = pipeline
    except ConfigurationErrors as group:
        mistakes.extend(group.exceptions)
    except WebError as error:
        mistakes.append(error)
    app.add_middleware(Problems)  # a second time, around the pipeline: handles errors of the middleware


def _lifespan(application: Application, drain: Drain, rooms: Rooms, proof: InjectionProof) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        if application.state == "stopped":
            application.container.reopen()
            drain.reset()
            app.middleware_stack = None  # the services of the old stack are closed
        _refuse(application, proof.mistakes(app))  # covers routes added since create_app
        report_exposure(application.settings)
        async with application, rooms, drain.on_sigterm():
            warn_of_missing_names()
            _compile(app)
            with _settled() if drain.is_served else nullcontext():
                yield
            drain.begin()

    return lifespan


@contextmanager
def _settled() -> Generator[None]:
    """Exclude the long-lived objects of the start from garbage collection.

    A full collection pauses all requests while it traverses these objects: tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _compile(app: FastAPI) -> None:
    """Do the work of a first request at start: read the signatures of routes, create the middleware."""
    for _ in iter_route_contexts(app.routes):
        pass
    if app.middleware_stack is None:
        app.middleware_stack = app.build_middleware_stack()
