"""The ASGI application of a schema; one unit of work an operation."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL

from vega.core import Application
from vega.di import current_scope

from ._schema import build_schema


def graphql_app(application: Application) -> ASGIApp:
    """Return an ASGI application that answers GraphQL over HTTP for a Vega application.

    GraphiQL is served to browsers in every profile but production.

    Args:
        application: whose discovered `graphql` modules hold the resolvers.

    Raises:
        SchemaError: the resolvers make no schema.
    """
    modules = application.found.modules("graphql") if application.found is not None else []
    production = getattr(application.settings, "profile", "development") == "production"
    view: GraphQL[object, object] = GraphQL(build_schema(modules), graphql_ide=None if production else "graphiql")
    return _OperationScope(view, application)


class _OperationScope:
    """Joins the unit of work of the HTTP application, or opens one where the schema is served alone."""

    def __init__(self, app: ASGIApp, application: Application) -> None:
        self._app, self._application = app, application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or current_scope() is not None:
            await self._app(scope, receive, send)
            return
        async with self._application.activate():
            await self._app(scope, receive, send)
