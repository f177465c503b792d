"""GraphQL delivery of use cases on Strawberry."""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._asgi import graphql_app as graphql_app
    from ._errors import GraphQLError as GraphQLError
    from ._errors import SchemaError as SchemaError
    from ._marks import mutation as mutation
    from ._marks import query as query
    from ._schema import build_schema as build_schema

__all__ = ["GraphQLError", "SchemaError", "__version__", "build_schema", "graphql_app", "mutation", "query"]

__version__ = "0.1.0"

_WHERE = {
    "GraphQLError": "_errors",
    "SchemaError": "_errors",
    "build_schema": "_schema",
    "graphql_app": "_asgi",
    "mutation": "_marks",
    "query": "_marks",
}

lazy_names(__name__, _WHERE)
