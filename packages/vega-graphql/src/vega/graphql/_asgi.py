"""The ASGI application of a schema, with a unit of work per operation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar, final

from starlette.types import ASGIApp
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension

from vega.core import Application
from vega.di import current_scope

from ._schema import build_schema


def graphql_app(application: Application) -> ASGIApp:
    """Return the ASGI application of the GraphQL schema of a Vega application.

    Queries and mutations arrive over HTTP or over a WebSocket (graphql-transport-ws).

    Browsers get GraphiQL in every profile except production.

    Args:
        application: the application; its discovered `graphql` modules define the resolvers.

    Raises:
        SchemaError: the resolvers do not form a valid schema.
    """
    modules = application.found.modules("graphql") if application.found is not None else []
    production = getattr(application.settings, "profile", "development") == "production"
    schema = build_schema(modules, extensions=[lambda: _UnitOfWork(application)])
    return _View(schema, graphql_ide=None if production else "graphiql")


class _View(GraphQL[object, object]):
    """Strawberry's application, with the methods that `vega routes` lists."""

    http_methods: ClassVar[tuple[str, ...]] = ("GET", "POST")


@final
class _UnitOfWork(SchemaExtension):
    """Joins the open unit of work, as for an HTTP request, or opens a new one, as over a WebSocket."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def on_operation(self) -> AsyncIterator[None]:
        """Wrap a query or mutation."""
        if current_scope() is not None:
            yield
            return
        async with self._application.activate():
            yield
