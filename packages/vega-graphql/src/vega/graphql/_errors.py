"""Errors of vega.graphql, raised while a schema is built.

GraphQLError
└── SchemaError   VG551  resolvers that do not form a schema
"""

from vega.errors import CoreError


class GraphQLError(CoreError):
    """The root of the errors of vega-graphql."""

    code = "VG550"


class SchemaError(GraphQLError):
    """The discovered resolvers do not form a valid schema."""

    code = "VG551"
