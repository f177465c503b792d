"""Makes the FastAPI application of a Vega application: routes, WebSockets, scopes, problems, mounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from vega.core import Application, ConfigurationErrors

from ._problems import install_problems
from ._request_scope import RequestScope
from ._routers import discovered_routers
from ._websocket import install_websockets


def create_app(application: Application, *, debug: bool | None = None, **options: Any) -> FastAPI:
    """Return the HTTP application that delivers a Vega application; servers use it as it is.

    Each request enters `application.activate()` once; its scope provides the `starlette.requests.Request`
    and closes after the last byte. The application starts and stops with the server (ASGI lifespan).
    Discovered routers are included with the prefix and tag of their module, unless they bring their own.

    Args:
        application: from `Application.load`.
        debug: whether the pages `/docs` and `/openapi.json` are served; None: in every profile but production.
        options: further arguments of `fastapi.FastAPI`, such as `title`.

    Raises:
        ConfigurationErrors: modules of routes or WebSocket handlers that cannot be used, all at once.
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
    if errors:
        raise ConfigurationErrors(f"{application.project.package} cannot be served: {len(errors)} mistakes", errors)
    install_problems(app)
    app.add_middleware(RequestScope, application=application)
    return app


def _lifespan(application: Application) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with application:
            yield

    return lifespan
