"""Makes the FastAPI application of a Vega application: routes, WebSockets, scopes, problems, mounts."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from vega.core import Application, ConfigurationErrors

from ._errors import WebError
from ._pipeline import MiddlewarePipeline
from ._problems import Problems, install_problems
from ._request_scope import RequestScope
from ._routers import discovered_routers
from ._websocket import install_websockets


def create_app(application: Application, *, debug: bool | None = None, **options: Any) -> FastAPI:
    """Return the HTTP application that delivers a Vega application; servers use it as it is.

    Each request enters `application.activate()` once; its scope provides the `starlette.requests.Request`
    and closes after the last byte. The application starts and stops with the server (ASGI lifespan).
    Discovered routers are included with the prefix and tag of their module, unless they bring their own.
    A `MiddlewarePipeline` called `pipeline` in the project's `config.py` is installed inside that scope: it sees
    every answer, problem documents included, and what it raises itself becomes one too.

    Args:
        application: from `Application.load`.
        debug: whether the pages `/docs` and `/openapi.json` are served; None: in every profile but production.
        options: further arguments of `fastapi.FastAPI`, such as `title`.

    Raises:
        ConfigurationErrors: modules of routes, WebSocket handlers or middleware that cannot be used, all at once.
    """
    if debug is None:
        debug = getattr(application.settings, "profile", "development") != "production"
    if not debug:
        options = {"docs_url": None, "redoc_url": None, "openapi_url": None, **options}
    options.setdefault("title", application.project.package)
    app = FastAPI(lifespan=_lifespan(application), **options)
    app.state.application = application
    errors: list[Exception] = []
    for router, settings in discovered_routers(application.found, errors):
        app.include_router(router, **settings)
    install_websockets(app, application, errors)
    for plugin in application.plugins:
        for path, mounted in plugin.mounts(application).items():
            app.router.routes.append(Route(path, mounted))  # the path itself; a mount alone would redirect
            app.mount(path, mounted)
    install_problems(app)
    _install_pipeline(app, application, errors)
    if errors:
        raise ConfigurationErrors(f"{application.project.package} cannot be served: {len(errors)} mistakes", errors)
    app.add_middleware(RequestScope, application=application)
    return app


def _install_pipeline(app: FastAPI, application: Application, errors: list[Exception]) -> None:
    """Install the pipeline of the project's config module, which `Application.load` has imported."""
    config = sys.modules.get(f"{application.project.package}.config")
    pipeline = getattr(config, "pipeline", None)
    if not isinstance(pipeline, MiddlewarePipeline):
        return
    try:
        pipeline.install(app)
        app.state.pipeline = pipeline
    except ConfigurationErrors as group:
        errors.extend(group.exceptions)
    except WebError as error:
        errors.append(error)
    app.add_middleware(Problems)  # once more, around it: answers what the middleware itself raises


def _lifespan(application: Application) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with application:
            yield

    return lifespan
