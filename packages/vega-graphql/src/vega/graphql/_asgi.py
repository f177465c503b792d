"""The ASGI application of a schema; one unit of work an operation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import final

from starlette.types import ASGIApp
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension

from vega.core import Application
from vega.di import current_scope

from ._schema import build_schema


def graphql_app(application: Application) -> ASGIApp:
    """Return an ASGI application that answers GraphQL for a Vega application.

    Queries and mutations come over HTTP or over a WebSocket (graphql-transport-ws).

    GraphiQL is served to browsers in every profile but production.

    Args:
        application: whose discovered `graphql` modules hold the resolvers.

    Raises:
        SchemaError: the resolvers make no schema.
    """
    modules = application.found.modules("graphql") if application.found is not None else []
    production = getattr(application.settings, "profile", "development") == "production"
    schema = build_schema(modules, extensions=[lambda: _UnitOfWork(application)])
    view: GraphQL[object, object] = GraphQL(schema, graphql_ide=None if production else "graphiql")
    return view


@final
class _UnitOfWork(SchemaExtension):
    """Joins the unit of work that is open, as for an HTTP request, or opens one, as over a WebSocket."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def on_operation(self) -> AsyncIterator[None]:
        """Stand around one query or mutation."""
        if current_scope() is not None:
            yield
            return
        async with self._application.activate():
            yield
