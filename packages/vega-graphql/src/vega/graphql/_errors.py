"""What can go wrong in vega.graphql while a schema is built.

GraphQLError
└── SchemaError   VG551  resolvers that make no schema
"""

from vega.errors import CoreError


class GraphQLError(CoreError):
    """The root of the errors of vega-graphql."""

    code = "VG550"


class SchemaError(GraphQLError):
    """The discovered resolvers make no valid schema."""

    code = "VG551"
